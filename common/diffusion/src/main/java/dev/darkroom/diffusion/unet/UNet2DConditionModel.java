package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Adaptable;
import dev.darkroom.diffusion.nn.AdaptableLayers;
import dev.darkroom.diffusion.nn.AttentionMask;
import dev.darkroom.diffusion.nn.ConditioningEmbedding;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.OutputHead;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.Perturbation;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The text-conditioned U-Net of Stable Diffusion 1, 2 and XL, and of smaller models of the kind.
 * What its output means (noise, velocity, image) is the schedule's affair.
 */
public final class UNet2DConditionModel implements Network, Adaptable {
  private final UNetConfig config;
  private final Weights weights;
  private final AttentionMask mask;
  private final UNetEncoder encoder;
  private final ContextProjection context;
  private final @Nullable PositionNet positionNet;
  private final @Nullable ConditioningEmbedding hint;
  private final List<UpLevel> up = new ArrayList<>();
  private final OutputHead head;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public UNet2DConditionModel(UNetConfig config, ParameterSource source, Execution execution) {
    this.config = config;
    this.weights = Weights.of(source, execution);
    int first = config.blockOutChannels().getFirst();
    mask = new AttentionMask(weights);
    encoder = new UNetEncoder(weights, config, config.actFn());
    context = ContextProjection.of(weights.at("encoder_hid_proj"), config);
    hint =
        config.readsHint()
            ? ConditioningEmbedding.ofSequence(
                weights.at("add_embedding.input_hint_block"),
                3,
                List.of(16, 32, 96, 256),
                AdditionEmbedding.ImageHint.CHANNELS)
            : null;
    AttentionType attention = config.transformers().attentionType();
    positionNet =
        attention.isGated()
            ? new PositionNet(
                weights.at("position_net"), attention, config.crossAttentionDim().getFirst())
            : null;
    int levels = config.blockOutChannels().size();
    for (int i = 0; i < levels; i++) {
      up.add(UpLevel.of(weights.at("up_blocks", i), i, config));
    }
    head =
        new OutputHead(
            weights,
            first,
            config.outChannels(),
            config.convOutKernel(),
            config.normNumGroups(),
            config.normEps(),
            config.actFn());
  }

  /**
   * Loads a component folder of diffusers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static UNet2DConditionModel load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static UNet2DConditionModel load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    UNetConfig config = UNetConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        UnaryOperator.identity(),
        key -> false,
        source -> new UNet2DConditionModel(config, source, execution));
  }

  /** Writes the model as a component folder of diffusers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, parameters(), type);
  }

  public UNetConfig config() {
    return config;
  }

  /**
   * The names of the layers in which the positions of a map look at each other, by diffusers' keys,
   * from the input to the output: those that a {@link Perturbation} can name.
   */
  public List<String> selfAttentions() {
    return Stream.concat(encoder.selfAttentions(), up.stream().flatMap(UpLevel::selfAttentions))
        .toList();
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
   * Predicts at time t. Rombach et al. 2022, section 3.3.
   *
   * @param sample [N, sampleChannels, H, W] float32, scaled as the schedule says
   * @param timestep [N], any number type: a time of its own for each row
   * @return [N, outChannels, H, W] float32; owned by the sample's manager, and by the scope around
   *     the call
   * @throws DiffusionException naming the array whose shape is not what the config needs, or the
   *     layer to perturb that is none
   */
  public NDArray forward(NDArray sample, NDArray timestep, Conditions conditions) {
    InputShapes.check(config, sample, timestep, conditions);
    if (conditions.perturbation() != null) {
      requireThere(conditions.perturbation());
    }
    return weights.run(
        () -> predict(sample, timestep, conditions),
        sample.getShape().get(0),
        sizes(sample, conditions));
  }

  /** Of all maps and sequences that come in. */
  private long[] sizes(NDArray sample, Conditions conditions) {
    Shape map = sample.getShape();
    long text = config.readsText() ? conditions.context().getShape().get(1) : 0;
    Conditions.Grounding grounding = conditions.grounding();
    long objects = grounding == null ? 0 : grounding.boxes().getShape().get(1);
    Conditions.Added added = conditions.added();
    Shape picture =
        hint == null || added == null || added.hint() == null ? null : added.hint().getShape();
    return picture == null
        ? new long[] {map.get(2), map.get(3), text, objects}
        : new long[] {map.get(2), map.get(3), text, objects, picture.get(2), picture.get(3)};
  }

  private void requireThere(Perturbation perturbation) {
    List<String> there = selfAttentions();
    for (String layer : perturbation.attending().keySet()) {
      if (!there.contains(layer)) {
        throw DiffusionException.badInput(
            "perturbation: expected some of the self-attention layers %s, got %s"
                .formatted(there, layer));
      }
    }
  }

  private NDArray predict(NDArray sample, NDArray timestep, Conditions conditions) {
    try (Scope scope = Scope.open()) {
      // 1. time
      NDArray embedding = encoder.time(timestep, conditions);
      NDArray contextMask = conditions.contextMask();
      Conditions.Grounding grounding = conditions.grounding();
      Step step =
          new Step(
              embedding,
              context.forward(conditions),
              contextMask == null ? null : mask.toBias(contextMask),
              conditions.perturbation(),
              positionNet == null || grounding == null ? null : positionNet.forward(grounding));

      // 2. pre-process
      NDArray centred = config.centerInputSample() ? sample.mul(2).sub(1) : sample;
      NDArray x = encoder.convIn(withHint(centred, conditions.added()));

      // 3. down
      List<NDArray> skips = new ArrayList<>();
      NDArray lowest = encoder.down(x, step, skips);

      // 4. mid
      Flow flow = Flow.from(lowest).then(h -> encoder.mid(h, step));
      Conditions.Residuals residuals = conditions.residuals();
      if (residuals != null) {
        addResiduals(skips, residuals.down());
        flow.then(
            h -> {
              requireFits("mid residual", residuals.mid().getShape(), h.getShape());
              return h.add(residuals.mid());
            });
      }

      // 5. up
      for (UpLevel level : up) {
        flow.then(h -> level.forward(h, step, skips));
      }

      // 6. post-process
      return scope.keep(flow.then(head::forward).result());
    }
  }

  private NDArray withHint(NDArray sample, Conditions.@Nullable Added added) {
    NDArray picture = added == null ? null : added.hint();
    return hint == null || picture == null ? sample : sample.concat(hint.forward(picture), 1);
  }

  private static void addResiduals(List<NDArray> skips, List<NDArray> residuals) {
    if (skips.size() != residuals.size()) {
      throw DiffusionException.badInput(
          "down residuals: expected %d, one for each skip connection, got %d"
              .formatted(skips.size(), residuals.size()));
    }
    for (int i = 0; i < skips.size(); i++) {
      requireFits("down residual " + i, residuals.get(i).getShape(), skips.get(i).getShape());
      skips.set(i, skips.get(i).add(residuals.get(i)));
    }
  }

  /** A residual is a map like the one it is added to, or one number for each of its channels. */
  private static void requireFits(String what, Shape residual, Shape map) {
    if (!residual.equals(map) && !residual.equals(new Shape(map.get(0), map.get(1), 1, 1))) {
      throw DiffusionException.badInput(
          "%s: expected %s, or one number for each channel of it, got %s"
              .formatted(what, map, residual));
    }
  }
}
