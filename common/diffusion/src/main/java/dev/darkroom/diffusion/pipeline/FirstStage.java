package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.LatentScaling;
import dev.darkroom.diffusion.autoencoder.Posterior;
import dev.darkroom.diffusion.autoencoder.Tiling;
import dev.darkroom.diffusion.autoencoder.VQConfig;
import dev.darkroom.diffusion.autoencoder.VQModel;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The first stage of latent diffusion: the autoencoder between pictures and latents, which are
 * scaled here as the network sees them. Rombach et al. 2022, section 3.1. Thread-safe.
 */
final class FirstStage {
  private final Function<NDArray, float[]> decoder;
  private final @Nullable Function<NDArray, LatentDistribution> encoder;
  private final Supplier<FirstStage> tiled;
  private final NDManager manager;
  private final int factor;
  private final int channels;
  private final int colours;
  private final LatentScaling scaling;

  private FirstStage(
      Function<NDArray, float[]> decoder,
      @Nullable Function<NDArray, LatentDistribution> encoder,
      Supplier<FirstStage> tiled,
      NDManager manager,
      int factor,
      int channels,
      int colours,
      LatentScaling scaling) {
    this.decoder = decoder;
    this.encoder = encoder;
    this.tiled = tiled;
    this.manager = manager;
    this.factor = factor;
    this.channels = channels;
    this.colours = colours;
    this.scaling = scaling;
  }

  /**
   * @param scaling between its latents and those that the network sees
   */
  static FirstStage of(Part<AutoencoderKL> autoencoder, NDManager manager, LatentScaling scaling) {
    return of(autoencoder, manager, scaling, null);
  }

  private static FirstStage of(
      Part<AutoencoderKL> autoencoder,
      NDManager manager,
      LatentScaling scaling,
      @Nullable Tiling tiling) {
    AutoencoderConfig config = autoencoder.outline().config();
    return new FirstStage(
        z ->
            autoencoder.use(
                vae -> (tiling == null ? vae.decode(z) : vae.decode(z, tiling)).toFloatArray()),
        image ->
            autoencoder.use(
                vae ->
                    distribution(
                        tiling == null ? vae.encode(image) : vae.encode(image, tiling), scaling)),
        () -> of(autoencoder, manager, scaling, Tiling.of(config)),
        manager,
        config.factor(),
        config.latentChannels(),
        config.outChannels(),
        scaling);
  }

  private static LatentDistribution distribution(Posterior posterior, LatentScaling scaling) {
    NDArray mean = posterior.mean();
    int area = Math.toIntExact(mean.getShape().slice(2).size());
    return new LatentDistribution(
        mean.toFloatArray(), posterior.logvar().toFloatArray(), scaling, area);
  }

  /** A codebook's: the network works on latents that are not quantised yet. */
  static FirstStage of(Part<VQModel> autoencoder, NDManager manager) {
    VQConfig config = autoencoder.outline().config();
    return new FirstStage(
        z -> autoencoder.use(vq -> vq.decode(z).toFloatArray()),
        null,
        () -> {
          throw DiffusionException.badInput(
              "tiling: expected a model with an AutoencoderKL, got one with a codebook");
        },
        manager,
        config.factor(),
        config.vqEmbedDim(),
        config.outChannels(),
        LatentScaling.of(config.scalingFactor(), null));
  }

  /**
   * None: the network works on pixels, in [-1, 1].
   *
   * @param channels of a pixel; one is a gray, shown as three equal colours
   */
  static FirstStage ofPixels(NDManager manager, int channels) {
    return new FirstStage(
        x -> (channels == 1 ? x.repeat(1, 3) : x).toFloatArray(),
        null,
        () -> {
          throw DiffusionException.badInput(
              "tiling: expected a model with an AutoencoderKL, got one that works on pixels");
        },
        manager,
        1,
        channels,
        channels == 1 ? 3 : channels,
        LatentScaling.of(1, null));
  }

  /** The same, a tile at a time where a picture is larger than the model was trained on. */
  FirstStage tiled() {
    return tiled.get();
  }

  /** Pixels to a side of a latent's pixel. */
  int factor() {
    return factor;
  }

  /** Channels of a latent. */
  int channels() {
    return channels;
  }

  /** Colours of the pictures it makes. */
  int colours() {
    return colours;
  }

  /** The latent of a picture: its sides over the factor, which must divide them. */
  LatentShape latentShape(int width, int height) {
    if (width % factor != 0 || height % factor != 0) {
      throw DiffusionException.badInput(
          "size: expected width and height in multiples of %d, got %d x %d"
              .formatted(factor, width, height));
    }
    return new LatentShape(channels, height / factor, width / factor);
  }

  /**
   * The latents of a picture.
   *
   * @param planes [3*H*W] in [-1, 1]
   * @param shape of the latent
   */
  LatentDistribution encode(float[] planes, LatentShape shape) {
    if (encoder == null) {
      throw DiffusionException.badInput(
          "picture: expected none for a model whose autoencoder has a codebook, got one");
    }
    long height = (long) shape.height() * factor;
    long width = (long) shape.width() * factor;
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open();
        NDManager call = manager.newSubManager()) {
      NDArray image =
          call.create(planes, new Shape(1, planes.length / height / width, height, width));
      return encoder.apply(image);
    }
  }

  /** The pictures of latents, one after the other. */
  List<GeneratedImage> decode(List<float[]> latents, LatentShape shape, Progress progress) {
    List<GeneratedImage> images = new ArrayList<>();
    for (float[] latent : latents) {
      images.add(new GeneratedImage(decode(latent, shape), latent));
      progress.decoded(images.size() - 1);
    }
    return images;
  }

  /**
   * The picture of a latent.
   *
   * @param latent [C*h*w], scaled as the network sees it
   * @throws DiffusionException if it holds a NaN or an infinity: the weights or the settings are
   *     broken
   */
  RgbImage decode(float[] latent, LatentShape shape) {
    float[] unscaled = scaling.own(latent, shape.height() * shape.width());
    for (float value : unscaled) {
      if (!Float.isFinite(value)) {
        throw DiffusionException.badCheckpoint(
            "latent: expected finite values, got %s; the weights, the guidance scale or the prediction type are wrong"
                .formatted(value));
      }
    }
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open();
        NDManager call = manager.newSubManager()) {
      NDArray z =
          call.create(unscaled, new Shape(1, shape.channels(), shape.height(), shape.width()));
      return RgbImage.ofPlanes(shape.width() * factor, shape.height() * factor, decoder.apply(z));
    }
  }
}
