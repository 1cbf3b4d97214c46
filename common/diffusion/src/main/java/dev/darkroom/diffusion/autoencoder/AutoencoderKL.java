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
import dev.darkroom.diffusion.nn.Convolution;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The KL-regularised autoencoder. Rombach et al. 2022, section 3.1 and appendix G. Latents go in
 * and out as the encoder makes them: the scaling factor of the config is applied by whoever passes
 * them to a diffusion model.
 */
public final class AutoencoderKL implements Network {
  private final AutoencoderConfig config;
  private final Encoder encoder;
  private final Decoder decoder;
  private final @Nullable Convolution quantConv;
  private final @Nullable Convolution postQuantConv;
  private final Weights weights;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public AutoencoderKL(AutoencoderConfig config, ParameterSource source, Execution execution) {
    this.config = config;
    this.weights = Weights.of(source, execution);
    int z = config.latentChannels();
    this.encoder = new Encoder(weights.at("encoder"), config.inChannels(), 2 * z, config.levels());
    this.decoder = new Decoder(weights.at("decoder"), z, config.outChannels(), config.levels());
    this.quantConv =
        config.useQuantConv() ? new Convolution(weights.at("quant_conv"), 2L * z, 2L * z, 1) : null;
    this.postQuantConv =
        config.usePostQuantConv() ? new Convolution(weights.at("post_quant_conv"), z, z, 1) : null;
  }

  /**
   * Loads a component folder of diffusers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static AutoencoderKL load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static AutoencoderKL load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    AutoencoderConfig config = AutoencoderConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        AutoencoderKL::olderName,
        key -> false,
        source -> new AutoencoderKL(config, source, execution));
  }

  /**
   * What diffusers called the attention's layers before version 0.15, and published folders still
   * do.
   */
  public static String olderName(String key) {
    return SpatialAttention.olderName(key);
  }

  /** The other way round: what a key of an old folder is called now. */
  public static String currentName(String key) {
    return key.replace(".query.", ".to_q.")
        .replace(".key.", ".to_k.")
        .replace(".value.", ".to_v.")
        .replace(".proj_attn.", ".to_out.0.");
  }

  /** Writes the model as a component folder of diffusers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, parameters(), type);
  }

  public AutoencoderConfig config() {
    return config;
  }

  @Override
  public Map<String, NDArray> parameters() {
    return weights.parameters();
  }

  /**
   * @param image [N, inChannels, H, W] float32 in [-1, 1]; H and W multiples of {@link
   *     AutoencoderConfig#factor()}
   * @return moments [N, latentChannels, H/f, W/f], owned by the image's manager
   */
  public Posterior encode(NDArray image) {
    Maps.image(image, config.inChannels(), config.factor());
    try (Scope scope = Scope.open()) {
      Posterior posterior = posterior(moments(image));
      scope.keep(posterior.mean());
      scope.keep(posterior.logvar());
      return posterior;
    }
  }

  /** The same, a picture and a tile at a time. For inference. */
  public Posterior encode(NDArray image, Tiling tiling) {
    Maps.image(image, config.inChannels(), config.factor());
    try (Scope scope = Scope.open()) {
      Posterior posterior = posterior(tiling.encoding().run(image, this::moments));
      scope.keep(posterior.mean());
      scope.keep(posterior.logvar());
      return posterior;
    }
  }

  private Posterior posterior(NDArray moments) {
    int z = config.latentChannels();
    return new Posterior(moments.get(":, :" + z), moments.get(":, " + z + ":").clip(-30, 20));
  }

  private NDArray moments(NDArray image) {
    Shape shape = image.getShape();
    return weights.run(
        () -> {
          try (Scope scope = Scope.open()) {
            NDArray moments = encoder.forward(image);
            return scope.keep(quantConv == null ? moments : quantConv.forward(moments));
          }
        },
        shape.get(0),
        0,
        shape.get(2),
        shape.get(3));
  }

  /**
   * @param latent [N, latentChannels, h, w] float32, unscaled
   * @return image [N, outChannels, h*f, w*f], about [-1, 1], not clamped; owned by the latent's
   *     manager
   */
  public NDArray decode(NDArray latent) {
    Maps.latent(latent, config.latentChannels());
    return image(latent);
  }

  /** The same, a picture and a tile at a time. For inference. */
  public NDArray decode(NDArray latent, Tiling tiling) {
    Maps.latent(latent, config.latentChannels());
    return tiling.decoding().run(latent, this::image);
  }

  private NDArray image(NDArray latent) {
    Shape shape = latent.getShape();
    return weights.run(
        () -> {
          try (Scope scope = Scope.open()) {
            NDArray z = postQuantConv == null ? latent : postQuantConv.forward(latent);
            return scope.keep(decoder.forward(z));
          }
        },
        shape.get(0),
        1,
        shape.get(2),
        shape.get(3));
  }

  /**
   * The weight of the decoder's last convolution [outChannels, C, 3, 3]: where the adversarial loss
   * is balanced.
   */
  public NDArray lastLayer() {
    NDArray weight = parameters().get("decoder.conv_out.weight");
    if (weight == null) {
      throw DiffusionException.internal("an autoencoder without decoder.conv_out.weight", null);
    }
    return weight;
  }
}
