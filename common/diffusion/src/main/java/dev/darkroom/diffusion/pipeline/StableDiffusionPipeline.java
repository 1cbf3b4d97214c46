package dev.darkroom.diffusion.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.text.TextualInversion;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stable Diffusion 1, 2 (Rombach et al. 2022, with a CLIP or BERT text encoder) and XL (Podell et
 * al. 2023, base and refiner), and what was distilled from them. One model makes pictures from text
 * and from other pictures; some are made for one way alone, by what their network reads: {@link
 * #extraChannels()}.
 *
 * <p>Thread-safe: the parts may be called from several threads at once. A row's result does not
 * depend on the rows beside it.
 */
public final class StableDiffusionPipeline implements DiffusionPipeline {
  private final LatentDiffusionModel model;

  private StableDiffusionPipeline(LatentDiffusionModel model) {
    this.model = model;
  }

  /** {@link #load(Path, Device, Precision)} in float32. */
  public static StableDiffusionPipeline load(Path folder, Device device) {
    return load(folder, device, Precision.FLOAT32);
  }

  /**
   * Loads a diffusers folder whose rows are conditioned on a prompt alone: what {@link #predict}
   * batches for an engine.
   */
  public static StableDiffusionPipeline load(Path folder, Device device, Precision precision) {
    try (ModelSource source = ModelSource.folder(folder)) {
      StableDiffusionPipeline pipeline = load(source, device, precision);
      if (!pipeline.model.isConditionedOnTextAlone()) {
        pipeline.close();
        throw DiffusionException.badCheckpoint(
            folder
                + ": expected a U-Net conditioned on time and text alone, got one with other"
                + " channels, added or guidance embeddings");
      }
      return pipeline;
    }
  }

  static StableDiffusionPipeline load(ModelSource source, Device device, Precision precision) {
    return new StableDiffusionPipeline(LatentDiffusionModel.load(source, device, precision));
  }

  static StableDiffusionPipeline offloaded(
      Supplier<ModelSource> sources, Device device, Precision precision) {
    return new StableDiffusionPipeline(LatentDiffusionModel.offloaded(sources, device, precision));
  }

  /**
   * Makes one picture for each seed, together.
   *
   * @throws DiffusionException if the model is for something else
   */
  public List<GeneratedImage> generate(Request request, List<Seed> seeds, Progress progress) {
    return switch (request) {
      case TextToImage text -> new TextToImagePipeline(model).generate(text, seeds, progress);
      case Request.ImageToImage image ->
          new ImageToImagePipeline(model).generate(image, seeds, progress);
      case Request.Inpainting part -> new InpaintPipeline(model).generate(part, seeds, progress);
      case Request.InstructPix2Pix edit ->
          new InstructPix2PixPipeline(model).generate(edit, seeds, progress);
      case Request.DepthToImage depth ->
          new DepthToImagePipeline(model).generate(depth, seeds, progress);
      case Request.Upscaling small -> new UpscalePipeline(model).generate(small, seeds, progress);
      case Request.LatentUpscaling small ->
          new LatentUpscalePipeline(model).generate(small, seeds, progress);
    };
  }

  /** What the model's network reads beside the latent: what the model is for. */
  public ExtraChannels extraChannels() {
    return model.extra();
  }

  /** What to ask for where a user does not say. */
  public Defaults defaults() {
    return model.family().defaults(model.extra());
  }

  /** The latent of a picture: its sides over the autoencoder's factor, which must divide them. */
  public LatentShape latentShape(int width, int height) {
    return model.firstStage().latentShape(width, height);
  }

  /** Pixels to a side of a latent's pixel. */
  public int factor() {
    return model.firstStage().factor();
  }

  /** What the sides of a picture to enlarge are cut down to multiples of, in pixels. */
  public int pictureStep() {
    return model.extra() == ExtraChannels.SMALL_LATENT
        ? Math.max(factor(), factor() * model.config().sideMultiple() / 2)
        : factor();
  }

  /** Width and height of the pictures it was trained on. */
  public int defaultSide() {
    return model.defaultSide();
  }

  /** The scheduler's configuration as the folder has it. */
  public SchedulerConfig schedulerConfig() {
    return model.scheduler();
  }

  /**
   * The same model, with another belief of what its network predicts; closing either closes both.
   */
  public StableDiffusionPipeline predicting(PredictionType type) {
    return new StableDiffusionPipeline(model.predicting(type));
  }

  /**
   * A sampler on this model's schedule, corrected as a {@code StableDiffusionPipeline} of diffusers
   * corrects early exports.
   *
   * @param type null for the model's own
   */
  public Sampler sampler(@Nullable SamplerType type, int steps, double eta) {
    return model.sampler(Sampling.of(type, steps, eta), EarlyExport.TEXT);
  }

  /**
   * The same model, whose prompts may name embeddings of textual inversion; closing either closes
   * both.
   *
   * @throws DiffusionException if one was learned on another text encoder
   */
  public StableDiffusionPipeline with(List<TextualInversion> embeddings) {
    return new StableDiffusionPipeline(model.with(embeddings));
  }

  /**
   * The same model with LoRAs, which act together; closing either closes both. The model itself
   * stays as it is, to the bit.
   *
   * @throws DiffusionException naming the first tensor of a file that was made for another model
   */
  public StableDiffusionPipeline adapted(List<Adapter> adapters) {
    return new StableDiffusionPipeline(model.adapted(adapters));
  }

  /**
   * The same model with ControlNets, which act together; closing either closes both.
   *
   * @param guess guess mode: see {@link dev.darkroom.diffusion.controlnet.ControlNetModel#scaled}
   * @throws DiffusionException if one was made for another model
   */
  public StableDiffusionPipeline controlled(List<Control> controls, boolean guess) {
    return new StableDiffusionPipeline(model.controlled(controls, guess));
  }

  /**
   * The same model, which encodes and decodes pictures larger than its autoencoder was trained on a
   * tile at a time; closing either closes both.
   */
  public StableDiffusionPipeline tiled() {
    return new StableDiffusionPipeline(model.tiled());
  }

  /**
   * The same model, whose network sees pictures larger than a window in overlapping windows, one
   * after the other, and averages what they show: Bar-Tal et al. 2023. Closing either closes both.
   *
   * @param side of a window in pixels, a multiple of {@link #factor()}
   * @param overlap pixels that a window shares with the next, another such multiple
   */
  public StableDiffusionPipeline windowed(int side, int overlap) {
    return new StableDiffusionPipeline(model.windowed(Windows.ofPixels(side, overlap, factor())));
  }

  /**
   * The states of a plain prompt's tokens, which the network attends to.
   *
   * @return [T * D], {@link #contextShape()}
   */
  public float[] encode(String prompt) {
    return model.prompts().encode(prompt, null, PromptSyntax.PLAIN, 0).context();
  }

  /**
   * The same in any syntax.
   *
   * @param clipSkip see {@link Prompts}
   * @return [k * T * D]: a long prompt has k chunks
   */
  public float[] encode(String prompt, PromptSyntax syntax, int clipSkip) {
    return model.prompts().encode(prompt, null, syntax, clipSkip).context();
  }

  /** [T, D]: the length of a plain prompt, and the channels of a token's state. */
  public Shape contextShape() {
    return new Shape(model.prompts().length(), model.prompts().channels());
  }

  /**
   * What the network predicts for each row; the rows may be of different requests. Those whose
   * prompts are of one length run together: padding would change what they are.
   *
   * @param shape of every row's latent
   * @return in the order of the rows, [C*h*w] each
   */
  public List<float[]> predict(List<Row> rows, LatentShape shape) {
    return model.unet().predict(rows, shape);
  }

  /**
   * The picture of a latent.
   *
   * @param latent [C*h*w], scaled as the network sees it
   * @throws DiffusionException if it holds a NaN or an infinity: the weights or the settings are
   *     broken
   */
  public RgbImage decode(float[] latent, LatentShape shape) {
    return model.firstStage().decode(latent, shape);
  }

  /** The network itself, for those who batch in their own way; not of an offloaded model. */
  public UNet2DConditionModel unet() {
    return model.unet().unet();
  }

  /** The owner of the weights; calls make their tensors in children of it. */
  public NDManager manager() {
    return model.manager();
  }

  @Override
  public void close() {
    model.close();
  }
}
