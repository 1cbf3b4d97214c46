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
import dev.darkroom.diffusion.nn.Codebook;
import dev.darkroom.diffusion.nn.Convolution;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.Map;

/**
 * The vector-quantised autoencoder: each position of a latent is one of a codebook's vectors. Van
 * den Oord et al. 2017; Rombach et al. 2022, section 3.1. A diffusion model works on the latent
 * before it is quantised; {@link #decode} quantises.
 */
public final class VQModel implements Network {
  private final VQConfig config;
  private final Encoder encoder;
  private final Convolution quantConv;
  private final Codebook codebook;
  private final Convolution postQuantConv;
  private final Decoder decoder;
  private final Weights weights;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public VQModel(VQConfig config, ParameterSource source, Execution execution) {
    this.config = config;
    this.weights = Weights.of(source, execution);
    int z = config.latentChannels();
    int d = config.vqEmbedDim();
    encoder = new Encoder(weights.at("encoder"), config.inChannels(), z, config.levels());
    quantConv = new Convolution(weights.at("quant_conv"), z, d, 1);
    codebook = new Codebook(weights.at("quantize.embedding"), config.numVqEmbeddings(), d);
    postQuantConv = new Convolution(weights.at("post_quant_conv"), d, z, 1);
    decoder = new Decoder(weights.at("decoder"), z, config.outChannels(), config.levels());
  }

  /**
   * Loads a component folder of diffusers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static VQModel load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static VQModel load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    VQConfig config = VQConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        AutoencoderKL::olderName,
        key -> false,
        source -> new VQModel(config, source, execution));
  }

  /** Writes the model as a component folder of diffusers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, parameters(), type);
  }

  public VQConfig config() {
    return config;
  }

  @Override
  public Map<String, NDArray> parameters() {
    return weights.parameters();
  }

  /**
   * @param image [N, inChannels, H, W] float32 in [-1, 1]; H and W multiples of {@link
   *     VQConfig#factor()}
   * @return [N, vqEmbedDim, H/f, W/f], not yet quantised; owned by the image's manager
   */
  public NDArray encode(NDArray image) {
    Shape shape = Maps.image(image, config.inChannels(), config.factor());
    return weights.run(() -> latent(image), shape.get(0), 0, shape.get(2), shape.get(3));
  }

  private NDArray latent(NDArray image) {
    try (Scope scope = Scope.open()) {
      return scope.keep(quantConv.forward(encoder.forward(image)));
    }
  }

  /**
   * The nearest vector of the codebook at each position.
   *
   * @param latent [N, vqEmbedDim, h, w] float32
   * @return [N, h, w] int64
   */
  public NDArray quantise(NDArray latent) {
    Maps.latent(latent, config.vqEmbedDim());
    return codebook.nearest(latent);
  }

  /**
   * The vectors that indices stand for.
   *
   * @param indices [N, h, w] int64, each below numVqEmbeddings
   * @return [N, vqEmbedDim, h, w]
   */
  public NDArray lookup(NDArray indices) {
    return codebook.lookup(indices);
  }

  /**
   * Quantises and decodes.
   *
   * @param latent [N, vqEmbedDim, h, w] float32
   * @return image [N, outChannels, h*f, w*f], about [-1, 1], not clamped; owned by the latent's
   *     manager
   */
  public NDArray decode(NDArray latent) {
    Shape shape = Maps.latent(latent, config.vqEmbedDim());
    return weights.run(() -> image(latent), shape.get(0), 1, shape.get(2), shape.get(3));
  }

  private NDArray image(NDArray latent) {
    try (Scope scope = Scope.open()) {
      NDArray quantised = codebook.lookup(codebook.nearest(latent));
      return scope.keep(decoder.forward(postQuantConv.forward(quantised)));
    }
  }
}
