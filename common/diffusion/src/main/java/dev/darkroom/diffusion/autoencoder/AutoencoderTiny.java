package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A distilled autoencoder (TAESD): the same latents, scaled as the diffusion model sees them, for a
 * fraction of the time, and softer pictures. Good for previews.
 */
public final class AutoencoderTiny implements Network {
  private final TinyConfig config;
  private final TinyStack encoder;
  private final TinyStack decoder;
  private final Weights weights;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public AutoencoderTiny(TinyConfig config, ParameterSource source, Execution execution) {
    this.config = config;
    this.weights = Weights.of(source, execution);
    this.encoder = TinyStack.encoder(weights.at("encoder"), config);
    this.decoder = TinyStack.decoder(weights.at("decoder"), config);
  }

  /**
   * Loads a component folder of diffusers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static AutoencoderTiny load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static AutoencoderTiny load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    TinyConfig config = TinyConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        UnaryOperator.identity(),
        key -> false,
        source -> new AutoencoderTiny(config, source, execution));
  }

  /** Writes the model as a component folder of diffusers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, parameters(), type);
  }

  public TinyConfig config() {
    return config;
  }

  @Override
  public Map<String, NDArray> parameters() {
    return weights.parameters();
  }

  /**
   * @param image [N, inChannels, H, W] float32 in [-1, 1]; H and W multiples of {@link
   *     TinyConfig#factor()}
   * @return [N, latentChannels, H/f, W/f], owned by the image's manager
   */
  public NDArray encode(NDArray image) {
    Shape shape = Maps.image(image, config.inChannels(), config.factor());
    return weights.run(() -> latent(image), shape.get(0), 0, shape.get(2), shape.get(3));
  }

  /** The network itself works on images in [0, 1]. */
  private NDArray latent(NDArray image) {
    try (Scope scope = Scope.open()) {
      return scope.keep(
          Flow.from(image).then(x -> x.add(1).div(2)).then(encoder::forward).result());
    }
  }

  /**
   * @param latent [N, latentChannels, h, w] float32, as the diffusion model sees it
   * @return image [N, outChannels, h*f, w*f], about [-1, 1], not clamped; owned by the latent's
   *     manager
   */
  public NDArray decode(NDArray latent) {
    Shape shape = Maps.latent(latent, config.latentChannels());
    return weights.run(() -> image(latent), shape.get(0), 1, shape.get(2), shape.get(3));
  }

  /** Latents beyond 3 are bent back softly, as in training. */
  private NDArray image(NDArray latent) {
    try (Scope scope = Scope.open()) {
      return scope.keep(
          Flow.from(latent)
              .then(x -> x.div(3).tanh().mul(3))
              .then(decoder::forward)
              .then(x -> x.mul(2).sub(1))
              .result());
    }
  }
}
