package dev.darkroom.diffusion.pipeline;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.Execution;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A whole model that makes pictures, one class for each way of making them. */
public sealed interface DiffusionPipeline extends AutoCloseable
    permits StableDiffusionPipeline, UnconditionalPipeline {

  /**
   * Loads a diffusers folder.
   *
   * @param folder holds {@code model_index.json} and a folder for each component
   * @throws DiffusionException in one sentence, if the folder is not a whole model of a class that
   *     is supported
   */
  static DiffusionPipeline load(Path folder, Device device) {
    try (ModelSource source = ModelSource.folder(folder)) {
      return load(source, device, Precision.FLOAT32);
    }
  }

  /**
   * Loads a model from wherever it is; the caller closes the source.
   *
   * @param precision that it computes with; anything but float32 needs a CPU that can
   * @throws DiffusionException in one sentence, if it is not a whole model of a class that is
   *     supported
   */
  static DiffusionPipeline load(ModelSource source, Device device, Precision precision) {
    requireSupported(source);
    return readsText(source)
        ? StableDiffusionPipeline.load(source, device, precision)
        : UnconditionalPipeline.load(source, device, precision);
  }

  /**
   * Opens a model and loads it, and closes what it opened. The engine is started, and its kernels
   * are compiled, while the model is opened.
   *
   * @param opener of the model
   * @throws DiffusionException as {@link #load(ModelSource, Device, Precision)} does
   */
  static DiffusionPipeline load(Supplier<ModelSource> opener, Device device, Precision precision) {
    Beside<Execution> kernels =
        Beside.start(
            "kernels",
            () -> {
              precision.network().prepare(device);
              return precision.network();
            });
    try (ModelSource source = opener.get()) {
      return load(source, device, precision);
    } finally {
      // Where it failed, loading the model says so better. A process must not end in its midst.
      kernels.discard(prepared -> {});
    }
  }

  /**
   * The same with one component in memory at a time: text encoders, network and autoencoder are
   * loaded when their turn comes, and freed after it. The peak is that of the largest, and each run
   * loads them anew.
   *
   * @param sources opens the model, any number of times
   */
  static DiffusionPipeline offloaded(
      Supplier<ModelSource> sources, Device device, Precision precision) {
    boolean readsText;
    try (ModelSource source = sources.get()) {
      requireSupported(source);
      readsText = readsText(source);
    }
    return readsText
        ? StableDiffusionPipeline.offloaded(sources, device, precision)
        : UnconditionalPipeline.offloaded(sources, device, precision);
  }

  private static void requireSupported(ModelSource source) {
    switch (source.index().className()) {
      case "StableDiffusionPipeline",
          "StableDiffusionImg2ImgPipeline",
          "StableDiffusionInpaintPipeline",
          "StableDiffusionPAGPipeline",
          "StableDiffusionPAGImg2ImgPipeline",
          "StableDiffusionPAGInpaintPipeline",
          "StableDiffusionInstructPix2PixPipeline",
          "StableDiffusionDepth2ImgPipeline",
          "StableDiffusionUpscalePipeline",
          "StableDiffusionLatentUpscalePipeline",
          "StableDiffusionXLPipeline",
          "StableDiffusionXLImg2ImgPipeline",
          "StableDiffusionXLInpaintPipeline",
          "StableDiffusionXLInstructPix2PixPipeline",
          "StableDiffusionXLPAGPipeline",
          "StableDiffusionXLPAGImg2ImgPipeline",
          "StableDiffusionXLPAGInpaintPipeline",
          "LatentConsistencyModelPipeline",
          "LatentConsistencyModelImg2ImgPipeline",
          "LDMTextToImagePipeline",
          "LDMPipeline",
          "DDPMPipeline",
          "DDIMPipeline",
          "PNDMPipeline",
          "ConsistencyModelPipeline" -> {}
      default ->
          throw DiffusionException.badCheckpoint(
              "%s: expected a pipeline of Stable Diffusion 1, 2 or XL or of latent diffusion, got a %s, which is not supported yet"
                  .formatted(source.place(), source.index().className()));
    }
  }

  /** Whether a model is conditioned on a text; told without its weights. */
  static boolean readsText(ModelSource source) {
    return switch (source.index().className()) {
      case "LDMPipeline",
          "DDPMPipeline",
          "DDIMPipeline",
          "PNDMPipeline",
          "ConsistencyModelPipeline" ->
          false;
      case "StableDiffusionPipeline" -> !UnpromptedNet.isIn(source);
      default -> true;
    };
  }

  @Override
  void close();
}
