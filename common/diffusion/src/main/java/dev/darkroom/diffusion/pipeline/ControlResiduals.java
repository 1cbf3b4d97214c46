package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.Conditions.Residuals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What ControlNets add to the rows of a network call, each at its own scale. */
final class ControlResiduals {
  private static final Program PROGRAM =
      Program.shared(
          """
      def spread(self, x: Tensor, rows: Tensor, n: int) -> Tensor:
        y = torch.zeros([n] + x.shape[1:], dtype=x.dtype, device=x.device)
        return y.index_copy_(0, rows, x)
          """);

  /** Rows that one call of a ControlNet answers for: a row may have it twice, with two pictures. */
  private record Group(ControlNetModel net, boolean guess, int position) {}

  private ControlResiduals() {}

  /**
   * @param rows of the call
   * @param conditions of some of the rows, as the network gets them
   * @return null where no ControlNet acts
   */
  static @Nullable Residuals of(
      List<Row> rows,
      LatentShape shape,
      NDManager call,
      Function<List<Row>, Conditions> conditions) {
    Map<Group, List<Integer>> groups = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      List<RowControl> controls = rows.get(i).controls();
      for (int k = 0; k < controls.size(); k++) {
        Group group = new Group(controls.get(k).net(), controls.get(k).guess(), k);
        groups.computeIfAbsent(group, found -> new ArrayList<>()).add(i);
      }
    }
    Residuals sum = null;
    for (Map.Entry<Group, List<Integer>> entry : groups.entrySet()) {
      List<Integer> places = entry.getValue();
      List<Row> some = places.stream().map(rows::get).toList();
      Residuals residuals = of(entry.getKey(), some, shape, call, conditions.apply(some));
      if (some.size() < rows.size()) {
        residuals = spread(residuals, places, rows.size(), call);
      }
      sum = sum == null ? residuals : sum.plus(residuals);
    }
    return sum;
  }

  private static Residuals of(
      Group group, List<Row> rows, LatentShape shape, NDManager call, Conditions conditions) {
    int n = rows.size();
    List<RowControl> controls =
        rows.stream().map(row -> row.controls().get(group.position())).toList();
    // The latent is the first of what the network reads; a ControlNet reads nothing else.
    int channels = group.net().config().unet().inChannels();
    int size = channels * shape.height() * shape.width();
    NDArray sample =
        call.create(
            Rows.joined(rows.stream().map(row -> Arrays.copyOf(row.input(), size)).toList()),
            new Shape(n, channels, shape.height(), shape.width()));
    NDArray hint =
        call.create(
            Rows.joined(controls.stream().map(RowControl::hint).toList()),
            new Shape(
                n,
                group.net().config().unet().blockOutChannels().getFirst(),
                shape.height(),
                shape.width()));
    Residuals full =
        group.net().forward(sample, call.create(Rows.timesteps(rows)), conditions, hint);
    double[] scales = controls.stream().mapToDouble(RowControl::scale).toArray();
    return group.net().scaled(full, scales, group.guess());
  }

  /** Zeros for the rows between. */
  private static Residuals spread(
      Residuals residuals, List<Integer> places, int rows, NDManager call) {
    NDArray index = call.create(places.stream().mapToLong(Integer::longValue).toArray());
    return new Residuals(
        residuals.down().stream().map(map -> spread(map, index, rows)).toList(),
        spread(residuals.mid(), index, rows));
  }

  private static NDArray spread(NDArray map, NDArray index, int rows) {
    return PROGRAM.call("spread").tensor(map).tensor(index).integer(rows).run();
  }
}
