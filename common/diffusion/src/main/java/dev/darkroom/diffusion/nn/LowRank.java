package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change to one layer of low rank r: it adds {@code scale * up(mid(down(x)))}. Hu et al. 2021.
 *
 * @param down [r, in] for a linear layer, [r, in, k, k] for a convolution, or [r, in, 1, 1] where
 *     there is a middle
 * @param mid [r, r, k, k], or null: the k x k taps of a convolution whose change is decomposed once
 *     more (LyCORIS' LoCon)
 * @param up [out, r], or [out, r, 1, 1] for a convolution
 * @param scale alpha / r
 */
public record LowRank(NDArray down, @Nullable NDArray mid, NDArray up, double scale) {

  List<NDArray> factors() {
    return mid == null ? List.of(down, up) : List.of(down, mid, up);
  }
}
