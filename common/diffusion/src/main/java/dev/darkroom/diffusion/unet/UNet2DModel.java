package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Adaptable;
import dev.darkroom.diffusion.nn.AdaptableLayers;
import dev.darkroom.diffusion.nn.Convolution;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.OutputHead;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The U-Net without text: of DDPM, of score models, and of unconditional or class-conditional
 * latent diffusion. Ho et al. 2020; diffusers' UNet2DModel.
 */
public final class UNet2DModel implements Network, Adaptable {
  private final UNet2DConfig config;
  private final Weights weights;
  private final UNet2DTime time;
  private final Convolution convIn;
  private final List<DownLevel> down = new ArrayList<>();
  private final @Nullable MidLevel mid;
  private final List<UpLevel> up = new ArrayList<>();
  private final OutputHead head;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public UNet2DModel(UNet2DConfig config, ParameterSource source, Execution execution) {
    this.config = config;
    this.weights = Weights.of(source, execution);
    int first = config.blockOutChannels().getFirst();
    time = new UNet2DTime(weights, config);
    convIn = new Convolution(weights.at("conv_in"), config.inChannels(), first, 3);
    int levels = config.blockOutChannels().size();
    for (int i = 0; i < levels; i++) {
      down.add(UNet2DLevels.down(weights.at("down_blocks", i), i, config));
    }
    mid = config.midBlock() ? UNet2DLevels.mid(weights.at("mid_block"), config) : null;
    for (int i = 0; i < levels; i++) {
      up.add(UNet2DLevels.up(weights.at("up_blocks", i), i, config));
    }
    head =
        new OutputHead(
            weights, first, config.outChannels(), config.normNumGroups(), config.normEps());
  }

  /**
   * Loads a component folder of diffusers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static UNet2DModel load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static UNet2DModel load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    UNet2DConfig config = UNet2DConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        SpatialAttention::olderName,
        key -> false,
        source -> new UNet2DModel(config, source, execution));
  }

  /** Writes the model as a component folder of diffusers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, parameters(), type);
  }

  public UNet2DConfig config() {
    return config;
  }

  @Override
  public AdaptableLayers adaptable() {
    return weights.adaptable();
  }

  @Override
  public Map<String, NDArray> parameters() {
    return weights.parameters();
  }

  /**
   * Predicts at time t.
   *
   * @param sample [N, inChannels, H, W] float32, scaled as the schedule says
   * @param timestep [N], any number type: a time of its own for each row; positive where the config
   *     takes its logarithm
   * @param classLabels as the model's {@link ClassEmbedding} says, or null
   * @return [N, outChannels, H, W] float32; owned by the sample's manager, and by the scope around
   *     the call
   * @throws DiffusionException naming the array whose shape is not what the config needs
   */
  public NDArray forward(NDArray sample, NDArray timestep, @Nullable NDArray classLabels) {
    InputShapes.checkSample(config.inChannels(), sample, timestep);
    Shape map = sample.getShape();
    return weights.run(
        () -> predict(sample, timestep, classLabels), map.get(0), map.get(2), map.get(3));
  }

  private NDArray predict(NDArray sample, NDArray timestep, @Nullable NDArray classLabels) {
    try (Scope scope = Scope.open()) {
      // 1. time
      Step step = Step.at(time.forward(timestep, classLabels));

      // 2. pre-process
      NDArray x = convIn.forward(config.centerInputSample() ? sample.mul(2).sub(1) : sample);

      // 3. down
      List<NDArray> skips = new ArrayList<>();
      skips.add(x);
      for (DownLevel level : down) {
        x = level.forward(x, step, skips);
      }

      // 4. mid
      Flow flow = Flow.from(x);
      if (mid != null) {
        flow.then(h -> mid.forward(h, step));
      }

      // 5. up
      for (UpLevel level : up) {
        flow.then(h -> level.forward(h, step, skips));
      }

      // 6. post-process
      flow.then(head::forward);
      if (config.timeEmbeddingType() == UNet2DConfig.TimeEmbeddingType.fourier) {
        NDArray sigma = timestep.toType(DataType.FLOAT32, true);
        flow.then(h -> h.div(sigma.reshape(sigma.size(), 1, 1, 1)));
      }
      return scope.keep(flow.result());
    }
  }
}
