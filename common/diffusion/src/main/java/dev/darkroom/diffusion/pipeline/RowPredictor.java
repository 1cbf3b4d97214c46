package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Perturbation;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The U-Net over rows of plain arrays, so that no native memory outlives a call. Thread-safe. */
final class RowPredictor implements Predictor {
  private final Part<UNet2DConditionModel> part;
  private final UNet2DConditionModel unet;
  private final NDManager manager;
  private final Adaptation adapters;
  private final Controls controls;

  RowPredictor(Part<UNet2DConditionModel> part, NDManager manager) {
    this(part, manager, Adaptation.NONE, Controls.NONE);
  }

  private RowPredictor(
      Part<UNet2DConditionModel> part, NDManager manager, Adaptation adapters, Controls controls) {
    this.part = part;
    this.unet = part.outline();
    this.manager = manager;
    this.adapters = adapters;
    this.controls = controls;
  }

  /** The same with adapters on every row. */
  RowPredictor adapted(Adaptation adaptation) {
    return new RowPredictor(part, manager, adaptation, controls);
  }

  /** The same with ControlNets that a loop lets act on its rows. */
  RowPredictor controlled(Controls nets) {
    return new RowPredictor(part, manager, adapters, nets);
  }

  @Override
  public Controls controls() {
    return controls;
  }

  /** For what it says of itself, and for its layers where it is there all the time. */
  UNet2DConditionModel unet() {
    return unet;
  }

  /**
   * What the network predicts for each row; the rows may be of different requests. Those whose
   * prompts are of one length run together: padding would change what they are.
   *
   * @param shape of every row's latent
   * @return in the order of the rows, [C*h*w] each
   */
  @Override
  public List<float[]> predict(List<Row> rows, LatentShape shape) {
    Map<Integer, List<Integer>> byLength = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      int length = rows.get(i).conditions().context().length;
      byLength.computeIfAbsent(length, key -> new ArrayList<>()).add(i);
    }
    float[][] predictions = new float[rows.size()][];
    for (List<Integer> places : byLength.values()) {
      float[] found = predictTogether(places.stream().map(rows::get).toList(), shape);
      List<float[]> each = Rows.split(found, places.size());
      for (int i = 0; i < places.size(); i++) {
        predictions[places.get(i)] = each.get(i);
      }
    }
    return List.of(predictions);
  }

  private float[] predictTogether(List<Row> rows, LatentShape shape) {
    int n = rows.size();
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open();
        NDManager call = manager.newSubManager()) {
      NDArray sample =
          call.create(
              Rows.joined(rows.stream().map(Row::input).toList()),
              new Shape(n, unet.config().inChannels(), shape.height(), shape.width()));
      NDArray timesteps = call.create(Rows.timesteps(rows));
      Conditions conditions =
          conditions(rows, call)
              .withResiduals(ControlResiduals.of(rows, shape, call, some -> conditions(some, call)))
              .withPerturbation(perturbation(rows, call));
      return part.use(
          network ->
              network
                  .adaptable()
                  .run(
                      adapters.forRows(network.adaptable(), n),
                      () -> network.forward(sample, timesteps, conditions).toFloatArray()));
    }
  }

  private Conditions conditions(List<Row> rows, NDManager call) {
    int channels = unet.config().contextChannels();
    int tokens = rows.getFirst().conditions().context().length / channels;
    NDArray context =
        call.create(
            Rows.joined(rows.stream().map(row -> row.conditions().context()).toList()),
            new Shape(rows.size(), tokens, channels));
    return Conditions.text(context)
        .withClassLabels(classLabels(rows, call))
        .withAdded(added(rows, call))
        .withTimeCondition(stacked(rows, row -> row.conditions().shared().timeCondition(), call));
  }

  /** Null where every row attends in every layer. */
  private static @Nullable Perturbation perturbation(List<Row> rows, NDManager call) {
    Map<String, NDArray> attending = new HashMap<>();
    for (Row row : rows) {
      for (String layer : row.conditions().shared().perturbed()) {
        attending.computeIfAbsent(layer, name -> call.create(attending(rows, name)));
      }
    }
    return attending.isEmpty() ? null : new Perturbation(attending);
  }

  private static long[] attending(List<Row> rows, String layer) {
    return IntStream.range(0, rows.size())
        .filter(i -> !rows.get(i).conditions().shared().perturbed().contains(layer))
        .asLongStream()
        .toArray();
  }

  /** [N] int64, or null for a model without classes. */
  private static @Nullable NDArray classLabels(List<Row> rows, NDManager call) {
    long @Nullable [] labels = Rows.classLabels(rows);
    return labels == null ? null : call.create(labels);
  }

  private static Conditions.@Nullable Added added(List<Row> rows, NDManager call) {
    NDArray pooled = stacked(rows, row -> row.conditions().pooled(), call);
    NDArray timeIds = stacked(rows, row -> row.conditions().shared().timeIds(), call);
    return pooled == null || timeIds == null ? null : new Conditions.Added(pooled, timeIds);
  }

  /** One array of each row as [N, L], or null where the rows have none. */
  private static @Nullable NDArray stacked(
      List<Row> rows, Function<Row, float @Nullable []> part, NDManager call) {
    if (part.apply(rows.getFirst()) == null) {
      return null;
    }
    float[] all =
        Rows.joined(rows.stream().map(row -> Objects.requireNonNull(part.apply(row))).toList());
    return call.create(all, new Shape(rows.size(), all.length / rows.size()));
  }
}
