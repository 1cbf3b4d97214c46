package dev.darkroom.diffusion.controlnet;

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
import dev.darkroom.diffusion.nn.ConditioningEmbedding;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import dev.darkroom.diffusion.nn.ZeroConvolution;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.InputShapes;
import dev.darkroom.diffusion.unet.UNetConfig;
import dev.darkroom.diffusion.unet.UNetEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A copy of a U-Net's encoder that reads a picture beside the latent, and answers with what the
 * U-Net shall add to its skip connections and its middle. Zhang et al. 2023; diffusers'
 * ControlNetModel.
 */
public final class ControlNetModel implements Network, Adaptable {
  private final ControlNetConfig config;
  private final UNetConfig called;
  private final NDManager manager;
  private final Weights weights;
  private final UNetEncoder encoder;
  private final ConditioningEmbedding conditioning;
  private final List<ZeroConvolution> downBlocks = new ArrayList<>();
  private final ZeroConvolution midBlock;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public ControlNetModel(ControlNetConfig config, ParameterSource source, Execution execution) {
    this.config = config;
    this.manager = source.manager();
    this.weights = Weights.of(source, execution);
    this.called = config.called();
    UNetConfig unet = config.unet();
    List<Integer> channels = unet.blockOutChannels();
    encoder = UNetEncoder.ofControlNet(weights, unet, called);
    conditioning =
        ConditioningEmbedding.of(
            weights.at("controlnet_cond_embedding"),
            config.conditioningChannels(),
            config.conditioningEmbeddingOutChannels(),
            channels.getFirst());
    addDownBlock(channels.getFirst());
    for (int level = 0; level < channels.size(); level++) {
      boolean halves = level < channels.size() - 1;
      int maps = unet.layersPerBlock().get(level) + (halves ? 1 : 0);
      for (int i = 0; i < maps; i++) {
        addDownBlock(channels.get(level));
      }
    }
    midBlock = new ZeroConvolution(weights.at("controlnet_mid_block"), channels.getLast());
  }

  private void addDownBlock(int channels) {
    downBlocks.add(
        new ZeroConvolution(weights.at("controlnet_down_blocks", downBlocks.size()), channels));
  }

  /**
   * Loads a component folder of diffusers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static ControlNetModel load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static ControlNetModel load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    ControlNetConfig config = ControlNetConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        UnaryOperator.identity(),
        key -> false,
        source -> new ControlNetModel(config, source, execution));
  }

  /** Writes the model as a component folder of diffusers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, parameters(), type);
  }

  public ControlNetConfig config() {
    return config;
  }

  /** The owner of the weights; calls make their tensors in children of it. */
  public NDManager manager() {
    return manager;
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
   * Brings a picture into the space of the first convolution. It is the same at every step of a
   * run, so it is worth keeping.
   *
   * @param picture {@code controlnet_cond}, [N, conditioningChannels, H*f, W*f] float32 in [0, 1],
   *     red first
   * @return [N, C, H, W]; owned by the picture's manager, and by the scope around the call
   */
  public NDArray hint(NDArray picture) {
    Shape shape = picture.getShape();
    if (shape.dimension() != 4
        || shape.get(1) != config.conditioningChannels()
        || shape.size() == 0
        || picture.getDataType() != DataType.FLOAT32) {
      throw DiffusionException.badInput(
          "controlnet_cond: expected [N,%d,H,W] float32, got %s %s"
              .formatted(config.conditioningChannels(), shape, picture.getDataType()));
    }
    return weights.run(
        () -> {
          try (Scope scope = Scope.open()) {
            NDArray rgb = config.bgr() ? picture.flip(1) : picture;
            return scope.keep(conditioning.forward(rgb));
          }
        },
        shape.get(0),
        shape.get(2),
        shape.get(3));
  }

  /**
   * What the U-Net shall add, at full strength; see {@link #scaled}.
   *
   * @param sample [N, inChannels, H, W] float32, what the U-Net sees, too
   * @param timestep [N], any number type: a time of its own for each row
   * @param conditions without residuals; nothing of it is perturbed
   * @param hint [N, C, H, W], of {@link #hint}
   * @return the shapes of the U-Net's skip connections and of its middle, or [N, C, 1, 1] where the
   *     config pools; owned by the sample's manager, and by the scope around the call
   * @throws DiffusionException naming the array whose shape is not what the config needs
   */
  public Conditions.Residuals forward(
      NDArray sample, NDArray timestep, Conditions conditions, NDArray hint) {
    InputShapes.check(called, sample, timestep, conditions);
    Shape map = sample.getShape();
    Shape expected =
        new Shape(map.get(0), config.unet().blockOutChannels().getFirst(), map.get(2), map.get(3));
    if (!hint.getShape().equals(expected)) {
      throw DiffusionException.badInput(
          "controlnet_cond: expected a picture of %d x %d for a latent of %d x %d, and as many rows; got the hint %s"
              .formatted(
                  config.factor() * map.get(3),
                  config.factor() * map.get(2),
                  map.get(3),
                  map.get(2),
                  hint.getShape()));
    }
    long tokens = conditions.context().getShape().get(1);
    return weights.run(
        () -> residuals(sample, timestep, conditions, hint),
        map.get(0),
        map.get(2),
        map.get(3),
        tokens);
  }

  private Conditions.Residuals residuals(
      NDArray sample, NDArray timestep, Conditions conditions, NDArray hint) {
    try (Scope scope = Scope.open()) {
      // 1. time
      Step step = Step.at(encoder.time(timestep, conditions), conditions.context());

      // 2. pre-process
      NDArray x = encoder.convIn(sample).add(hint);

      // 3. down
      List<NDArray> skips = new ArrayList<>();
      NDArray lowest = encoder.down(x, step, skips);

      // 4. mid
      NDArray middle = encoder.mid(lowest, step);

      // 5. ControlNet blocks
      List<NDArray> down = new ArrayList<>();
      for (int i = 0; i < skips.size(); i++) {
        down.add(scope.keep(pooled(downBlocks.get(i).forward(skips.get(i)))));
      }
      return new Conditions.Residuals(down, scope.keep(pooled(midBlock.forward(middle))));
    }
  }

  private NDArray pooled(NDArray residual) {
    return config.globalPoolConditions()
        ? residual.mean(new int[] {3}, true).mean(new int[] {2}, true)
        : residual;
  }

  /**
   * Residuals at the strength that each row wants.
   *
   * @param residuals of {@link #forward}
   * @param rows [N], each row's {@code conditioning_scale}
   * @param guess guess mode: from a tenth at the largest map, evenly by ratio, to full in the
   *     middle, so that the network guesses what the picture is when no prompt says it. It changes
   *     nothing where the config pools.
   */
  public Conditions.Residuals scaled(Conditions.Residuals residuals, double[] rows, boolean guess) {
    int count = residuals.down().size();
    List<NDArray> down = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boolean less = guess && !config.globalPoolConditions();
      double share = less ? Math.pow(10, (double) i / count - 1) : 1;
      down.add(scaled(residuals.down().get(i), rows, share));
    }
    return new Conditions.Residuals(down, scaled(residuals.mid(), rows, 1));
  }

  private static NDArray scaled(NDArray residual, double[] rows, double share) {
    float[] scales = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      scales[i] = (float) (rows[i] * share);
    }
    try (Scope scope = Scope.open()) {
      Shape each = new Shape(rows.length, 1, 1, 1);
      return scope.keep(residual.mul(residual.getManager().create(scales, each)));
    }
  }
}
