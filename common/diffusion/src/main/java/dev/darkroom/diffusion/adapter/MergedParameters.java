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
      def product(self, down: Tensor, up: Tensor) -> Tensor:
        return torch.matmul(torch.flatten(up, 1), torch.flatten(down, 1))

      def product_with_mid(self, down: Tensor, mid: Tensor, up: Tensor) -> Tensor:
        return torch.einsum("op,pqkl,qi->oikl", [torch.flatten(up, 1), mid, torch.flatten(down, 1)])

      def add(self, weight: Tensor, change: Tensor, scale: float) -> Tensor:
        return weight + scale * change.reshape(weight.shape)

      def add_decomposed(self, weight: Tensor, plain: Tensor, change: Tensor, scale: float, magnitude: Tensor) -> Tensor:
        change = scale * change.reshape(weight.shape)
        norm = torch.sqrt(torch.clamp(torch.sum(torch.square(torch.flatten(plain + change, 1)), [1]), min=1e-20))
        return (weight + change) * (magnitude / norm).view([-1] + [1] * (weight.dim() - 1))
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
    try (Scope scope = Scope.open()) {
      NDArray merged = weight;
      for (Merge merge : merges) {
        LowRank change = merge.changes().get(layer);
        if (change != null) {
          merged = merged(merged, weight, change, merge.strength());
        }
      }
      if (merged != weight) {
        Scope.release(merged);
        weight.close();
      }
      return merged;
    }
  }

  /**
   * @param weight with the changes so far
   * @param plain without any, of which the norms of a DoRA are
   */
  private static NDArray merged(NDArray weight, NDArray plain, LowRank change, double strength) {
    NDArray product = product(change);
    double scale = strength * change.scale();
    NDArray magnitude = change.magnitude();
    if (magnitude == null) {
      return MERGE.call("add").tensor(weight).tensor(product).real(scale).run();
    }
    return MERGE
        .call("add_decomposed")
        .tensor(weight)
        .tensor(plain)
        .tensor(product)
        .real(scale)
        .tensor(magnitude)
        .run();
  }

  private static NDArray product(LowRank change) {
    NDArray mid = change.mid();
    NDArray up = change.up();
    if (up == null) {
      return change.down();
    }
    return mid == null
        ? MERGE.call("product").tensor(change.down()).tensor(up).run()
        : MERGE.call("product_with_mid").tensor(change.down()).tensor(mid).tensor(up).run();
  }
}
