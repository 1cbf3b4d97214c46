package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.GuidanceInterval;
import dev.darkroom.diffusion.pipeline.Defaults;
import dev.darkroom.diffusion.pipeline.Prompts;
import dev.darkroom.diffusion.pipeline.Sampling;
import dev.darkroom.diffusion.pipeline.TextToImage;
import dev.darkroom.diffusion.pipeline.UnconditionalPipeline;
import dev.darkroom.diffusion.pipeline.Unprompted;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.sampler.SamplerType;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What is asked of the model: the names and defaults of diffusers. */
final class RequestOptions {
  private static final Defaults ANY = new Defaults(1, 1, 1, 1, 1);

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "what the picture shows; a model that is not conditioned on a text takes none")
  private String prompt = "";

  @Option(
      names = "--class",
      paramLabel = "N",
      description =
          "of a model that is conditioned on classes, from 0; guided away from the last one, which"
              + " stands for none")
  private @Nullable Integer classLabel;

  @Option(names = "--negative-prompt", paramLabel = "TEXT", description = "what to move away from")
  private @Nullable String negativePrompt;

  @Option(
      names = "--prompt-2",
      paramLabel = "TEXT",
      description = "for SDXL's second text encoder; default: that of --prompt")
  private @Nullable String prompt2;

  @Option(
      names = "--negative-prompt-2",
      paramLabel = "TEXT",
      description = "the same of --negative-prompt")
  private @Nullable String negativePrompt2;

  @Option(
      names = "--prompt-syntax",
      paramLabel = "SYNTAX",
      description =
          "how weights are read: plain, a1111 or comfy, the last two in any length; default"
              + " ${DEFAULT-VALUE}")
  private String promptSyntax = "plain";

  @Option(
      names = "--clip-skip",
      paramLabel = "N",
      description =
          "layers of a CLIP text encoder to leave out: 1 is the penultimate layer; default"
              + " ${DEFAULT-VALUE}")
  private int clipSkip;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "of the sampler; default 50, or as the model's pipeline has it")
  private @Nullable Integer steps;

  @Option(
      names = "--guidance-scale",
      paramLabel = "W",
      description = "1 is off; default 7.5, or as the model's pipeline has it")
  private @Nullable Double guidanceScale;

  @Option(
      names = "--guidance-rescale",
      paramLabel = "PHI",
      description = "default ${DEFAULT-VALUE}")
  private double guidanceRescale;

  @Option(
      names = "--guidance-start",
      paramLabel = "SHARE",
      description = "of the run that is over before guidance begins; default ${DEFAULT-VALUE}")
  private double guidanceStart;

  @Option(
      names = "--guidance-end",
      paramLabel = "SHARE",
      description =
          "of the run that is over when guidance ends, and steps cost half; default ${DEFAULT-VALUE}")
  private double guidanceEnd = 1;

  @Mixin private PerturbationOptions perturbation = new PerturbationOptions();

  @Option(
      names = "--eta",
      paramLabel = "ETA",
      description = "DDIM's and TCD's share of noise; default ${DEFAULT-VALUE}")
  private double eta;

  @Option(
      names = "--scheduler",
      paramLabel = "NAME",
      description =
          "ddim, euler, euler-a, heun, dpmpp-2m-karras, unipc and more (a wrong name lists them),"
              + " or a diffusers class name; default: the model's own")
  private @Nullable String scheduler;

  @Option(
      names = "--original-inference-steps",
      paramLabel = "N",
      description = "of the distillation that LCM and TCD take their steps from")
  private @Nullable Integer originalSteps;

  @Option(
      names = "--denoising-start",
      paramLabel = "SHARE",
      description =
          "begin where another model ended with --denoising-end: from --latents that it saved, or"
              + " from --image")
  private @Nullable Double denoisingStart;

  @Option(
      names = "--denoising-end",
      paramLabel = "SHARE",
      description = "end so early, for a refiner to take over")
  private @Nullable Double denoisingEnd;

  @Mixin private MicroOptions micro = new MicroOptions();

  @Option(
      names = "--width",
      paramLabel = "PIXELS",
      description = "default: that of --image, else the model's own")
  private @Nullable Integer width;

  @Option(names = "--height", paramLabel = "PIXELS", description = "default: as for --width")
  private @Nullable Integer height;

  /** Refuses what no model could do, before one is loaded. */
  void check() {
    if (steps != null && steps < 1) {
      throw DiffusionException.badInput("--steps: expected at least 1, got " + steps);
    }
    text(ANY, 1, 1);
  }

  /** Refuses a size of the user's, where something else decides. */
  void refuseSize(String reason) {
    if (width != null || height != null) {
      throw DiffusionException.badInput(
          "--width and --height: expected none, as %s; leave them out".formatted(reason));
    }
  }

  /**
   * The text of a request, its size, and how it is sampled.
   *
   * @param otherwise where the user does not say
   * @param defaultWidth the same
   * @param defaultHeight the same
   */
  TextToImage text(Defaults otherwise, int defaultWidth, int defaultHeight) {
    return new TextToImage(
        new Prompts(
            prompt,
            negativePrompt,
            prompt2,
            negativePrompt2,
            PromptSyntax.parse(promptSyntax),
            clipSkip),
        width == null ? defaultWidth : width,
        height == null ? defaultHeight : height,
        sampling(otherwise.steps()),
        guidance(otherwise.guidanceScale()),
        perturbation.guidance(),
        micro.conditioning());
  }

  /** What a model that reads no text is asked for. */
  Unprompted unprompted(UnconditionalPipeline pipeline) {
    int side = pipeline.defaultSide();
    return new Unprompted(
        width == null ? side : width,
        height == null ? side : height,
        classLabel,
        sampling(pipeline.defaultSteps()),
        guidance(1));
  }

  private ClassifierFreeGuidance guidance(double otherwise) {
    return new ClassifierFreeGuidance(
        guidanceScale == null ? otherwise : guidanceScale,
        guidanceRescale,
        new GuidanceInterval(guidanceStart, guidanceEnd));
  }

  private Sampling sampling(int otherwise) {
    return new Sampling(
        scheduler == null ? null : SamplerType.parse(scheduler),
        steps == null ? otherwise : steps,
        eta,
        originalSteps,
        denoisingStart,
        denoisingEnd);
  }
}
