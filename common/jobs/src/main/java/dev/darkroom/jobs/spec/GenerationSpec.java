package dev.darkroom.jobs.spec;

import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;

/**
 * Images from a prompt. The members carry the names of Stable Diffusion models on Replicate.
 *
 * @param width pixels; the model's schema says which multiples and sizes it takes
 * @param height pixels
 * @param numOutputs images; image i is drawn with seed + i
 * @param guidanceScale classifier-free guidance; 1 switches it off
 * @param seed of PyTorch's CPU stream, not negative, small enough for JSON's doubles
 */
public record GenerationSpec(
    ModelName model,
    Sha256 version,
    String prompt,
    String negativePrompt,
    int width,
    int height,
    int numOutputs,
    int numInferenceSteps,
    double guidanceScale,
    SchedulerName scheduler,
    long seed,
    OutputFormat outputFormat)
    implements JobSpec {
  /** Longest prompt, in characters. */
  public static final int MAX_PROMPT = 4000;

  /** Longest side that any model may take, in pixels. */
  public static final int MAX_SIDE = 4096;

  /** Most images of one job. */
  public static final int MAX_OUTPUTS = 16;

  /** Most steps of one image. */
  public static final int MAX_STEPS = 1000;

  /** Largest guidance scale. */
  public static final double MAX_GUIDANCE = 100;

  /** Largest seed: with num_outputs added it stays exact in a double. */
  public static final long MAX_SEED = (1L << 53) - 1 - MAX_OUTPUTS;

  public GenerationSpec {
    Check.present("model", model);
    Check.present("version", version);
    Check.length("prompt", Check.present("prompt", prompt), MAX_PROMPT);
    Check.length("negative_prompt", Check.present("negative_prompt", negativePrompt), MAX_PROMPT);
    Check.range("width", width, 8, MAX_SIDE);
    Check.range("height", height, 8, MAX_SIDE);
    Check.range("num_outputs", numOutputs, 1, MAX_OUTPUTS);
    Check.range("num_inference_steps", numInferenceSteps, 1, MAX_STEPS);
    Check.range("guidance_scale", guidanceScale, 0, MAX_GUIDANCE);
    Check.present("scheduler", scheduler);
    Check.range("seed", seed, 0, MAX_SEED);
    Check.present("output_format", outputFormat);
  }
}
