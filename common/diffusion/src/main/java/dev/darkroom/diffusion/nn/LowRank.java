package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change to one layer of low rank r: it adds {@code scale * up(mid(down(x)))}, Hu et al. 2021; or
 * one of no low rank, which adds {@code scale * down(x)}. With magnitudes it is a DoRA's: the
 * changed weight is brought to them, an output at a time (Liu et al. 2024).
 *
 * @param down [r, in] for a linear layer, [r, in, k, k] for a convolution, or [r, in, 1, 1] where
 *     there is a middle; without {@code up} all of the change, of the layer's own shape
 * @param mid [r, r, k, k], or null: the k x k taps of a convolution whose change is decomposed once
 *     more (LyCORIS' LoCon)
 * @param up [out, r], or [out, r, 1, 1] for a convolution; or null
 * @param scale alpha / r
 * @param magnitude [out] float32, the norms of the changed weight's outputs; or null. The factors
 *     then must not change while they act
 */
public record LowRank(
    NDArray down,
    @Nullable NDArray mid,
    @Nullable NDArray up,
    double scale,
    @Nullable NDArray magnitude) {

  public LowRank(NDArray down, @Nullable NDArray mid, @Nullable NDArray up, double scale) {
    this(down, mid, up, scale, null);
  }

  /** A change of the shape of the layer's weight. */
  public static LowRank whole(NDArray change, double scale) {
    return new LowRank(change, null, null, scale);
  }

  /** The same with magnitudes. */
  public LowRank withMagnitude(@Nullable NDArray other) {
    return new LowRank(down, mid, up, scale, other);
  }

  List<NDArray> factors() {
    if (up == null) {
      return List.of(down);
    }
    return mid == null ? List.of(down, up) : List.of(down, mid, up);
  }
}
