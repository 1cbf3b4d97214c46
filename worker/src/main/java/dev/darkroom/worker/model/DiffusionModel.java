package dev.darkroom.worker.model;

import ai.djl.Device;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.pipeline.Row;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.worker.engine.LatentShape;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A loaded text-to-image model, as rows need it. Its methods may be called from several threads at
 * once; what goes in and out are plain arrays, so that no native memory outlives a call but the
 * weights.
 */
public final class DiffusionModel implements AutoCloseable {
  private static final List<String> COMPONENTS = List.of("text_encoder", "unet", "vae");

  private final StableDiffusionPipeline pipeline;
  private final DeviceLanes lanes;
  private final PromptCache prompts;
  private @Nullable LatentColors colors;

  private DiffusionModel(StableDiffusionPipeline pipeline, DeviceLanes lanes) {
    this.pipeline = pipeline;
    this.lanes = lanes;
    this.prompts = new PromptCache(prompt -> lanes.run(() -> pipeline.encode(prompt)));
  }

  /**
   * Loads a diffusers folder.
   *
   * @param precision that it computes with
   * @param lanes of the device, shared by all models on it
   * @throws dev.darkroom.diffusion.DiffusionException in one sentence, if it is not a whole
   *     text-to-image model
   */
  public static DiffusionModel load(
      Path folder, Device device, Precision precision, DeviceLanes lanes) {
    return new DiffusionModel(StableDiffusionPipeline.load(folder, device, precision), lanes);
  }

  /**
   * What a folder's weights will take in memory, as float32; read from the headers of its files.
   */
  public static long bytes(Path folder) {
    long elements = 0;
    for (String component : COMPONENTS) {
      try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(component))) {
        for (String key : checkpoint.keys()) {
          elements += checkpoint.entry(key).shape().size();
        }
      }
    }
    return elements * Float.BYTES;
  }

  /** The latent of an image of that size, in pixels. */
  public LatentShape latentShape(int width, int height) {
    var shape = pipeline.latentShape(width, height);
    return new LatentShape(shape.channels(), shape.height(), shape.width());
  }

  /**
   * What the text encoder makes of a prompt.
   *
   * @return [T, D], not to be written to
   */
  public float[] encode(String prompt) {
    return prompts.get(prompt);
  }

  /** An image before its first model call. */
  public ImageRow start(
      LatentShape shape,
      SamplerType type,
      int steps,
      ClassifierFreeGuidance guidance,
      float[] prompt,
      float[] negativePrompt,
      long seed) {
    Sampler sampler = pipeline.sampler(type, steps, 0);
    TorchGenerator generator = new TorchGenerator(seed);
    float[] noise = generator.normal(pipelines(shape).size());
    return new ImageRow(
        this,
        shape,
        sampler,
        guidance,
        prompt,
        negativePrompt,
        sampler.start(noise, generator),
        null);
  }

  /**
   * One forward for all rows, in as many parts as there are lanes. Each row's part of the result is
   * the same whatever the other rows are.
   */
  List<float[]> predict(List<Row> rows, LatentShape shape) {
    return lanes.deal(rows, share -> pipeline.predict(share, pipelines(shape)));
  }

  /**
   * The picture of a finished row.
   *
   * @throws dev.darkroom.diffusion.DiffusionException if a value is not finite
   */
  public RgbImage decode(ImageRow row) {
    return decode(row.state().sample(), row.shape());
  }

  private RgbImage decode(float[] latent, LatentShape shape) {
    return lanes.run(() -> pipeline.decode(latent, pipelines(shape)));
  }

  /** A rough and small picture of what a row is about to become. */
  public RgbImage preview(ImageRow row) {
    LatentShape shape = row.shape();
    byte[] rgb = colors().paint(row.estimate(), shape.height(), shape.width());
    RgbImage small = RgbImage.of(shape.width(), shape.height(), rgb);
    return Enlargement.of(small, Math.max(1, pipeline.factor() / 2));
  }

  private synchronized LatentColors colors() {
    LatentColors fitted = colors;
    if (fitted == null) {
      int channels = pipeline.latentShape(pipeline.factor(), pipeline.factor()).channels();
      fitted =
          LatentColors.fit(
              channels, pipeline.factor(), (shape, latent) -> decode(latent, shape).toPlanes());
      colors = fitted;
    }
    return fitted;
  }

  private static dev.darkroom.diffusion.pipeline.LatentShape pipelines(LatentShape shape) {
    return new dev.darkroom.diffusion.pipeline.LatentShape(
        shape.channels(), shape.height(), shape.width());
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
