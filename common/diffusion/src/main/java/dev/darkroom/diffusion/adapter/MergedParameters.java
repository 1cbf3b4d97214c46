package dev.darkroom.diffusion.adapter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Initialisation;
import dev.darkroom.diffusion.nn.LowRank;
import dev.darkroom.diffusion.nn.ParameterSource;
import java.util.List;
import java.util.Map;

/**
 * A model's parameters with changes added into them: it then runs as fast as without, and always
 * with them. The source is left as it is, so the model without them is the model built of it.
 */
public final class MergedParameters implements ParameterSource {
  private static final Program MERGE =
      Program.shared(
          """
      def add(self, weight: Tensor, change: Tensor, scale: float) -> Tensor:
        return weight + scale * change

      def merge(self, weight: Tensor, down: Tensor, up: Tensor, scale: float) -> Tensor:
        change = torch.matmul(torch.flatten(up, 1), torch.flatten(down, 1))
        return weight + scale * change.view(weight.shape)

      def merge_with_mid(self, weight: Tensor, down: Tensor, mid: Tensor, up: Tensor, scale: float) -> Tensor:
        change = torch.einsum("op,pqkl,qi->oikl", [torch.flatten(up, 1), mid, torch.flatten(down, 1)])
        return weight + scale * change
          """);

  private final ParameterSource source;
  private final List<Merge> merges;

  /**
   * @param changes by the names of a model's layers
   * @param strength what they are multiplied with
   */
  public record Merge(Map<String, LowRank> changes, double strength) {}

  public MergedParameters(ParameterSource source, List<Merge> merges) {
    this.source = source;
    this.merges = List.copyOf(merges);
  }

  @Override
  public NDManager manager() {
    return source.manager();
  }

  @Override
  public boolean holds(String key) {
    return source.holds(key);
  }

  @Override
  public NDArray take(String key, Shape shape, Initialisation initialisation) {
    NDArray weight = source.take(key, shape, initialisation);
    if (!key.endsWith(".weight")) {
      return weight;
    }
    String layer = key.substring(0, key.length() - ".weight".length());
    for (Merge merge : merges) {
      LowRank change = merge.changes().get(layer);
      if (change != null) {
        NDArray merged = merged(weight, change, merge.strength());
        weight.close();
        weight = merged;
      }
    }
    return weight;
  }

  private static NDArray merged(NDArray weight, LowRank change, double strength) {
    double scale = strength * change.scale();
    NDArray mid = change.mid();
    NDArray up = change.up();
    if (up == null) {
      return Scope.release(
          MERGE.call("add").tensor(weight).tensor(change.down()).real(scale).run());
    }
    NDArray merged =
        mid == null
            ? MERGE.call("merge").tensor(weight).tensor(change.down()).tensor(up).real(scale).run()
            : MERGE
                .call("merge_with_mid")
                .tensor(weight)
                .tensor(change.down())
                .tensor(mid)
                .tensor(up)
                .real(scale)
                .run();
    return Scope.release(merged);
  }
}
