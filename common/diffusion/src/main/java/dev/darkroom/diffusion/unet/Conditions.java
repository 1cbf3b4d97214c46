package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Perturbation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a forward is conditioned on besides time; each array has one row for each row of the sample.
 * Start from {@link #text}.
 *
 * @param context [N, T, D] float32, the states of a text encoder
 * @param contextMask [N, T], 1 for tokens to attend to and 0 for others, or null to attend to all
 * @param classLabels as the model's {@link ClassEmbedding} says, or null
 * @param added SDXL's, or null
 * @param timeCondition [N, timeCondProjDim] float32, or null
 * @param residuals what a ControlNet adds, or null
 * @param perturbation of the self-attention of some rows, or null
 */
public record Conditions(
    NDArray context,
    @Nullable NDArray contextMask,
    @Nullable NDArray classLabels,
    @Nullable Added added,
    @Nullable NDArray timeCondition,
    @Nullable Residuals residuals,
    @Nullable Perturbation perturbation) {

  /**
   * @param textEmbeds [N, P] float32, a pooled text embedding
   * @param timeIds [N, 6] or [N, 5]: original size, crop, target size or aesthetic score
   */
  public record Added(NDArray textEmbeds, NDArray timeIds) {}

  /**
   * Each is a map like the one it is added to, or [N, C, 1, 1].
   *
   * @param down added to the skip connections: one for {@code conv_in}, then each resnet (with its
   *     attention) and downsampler on the way down
   * @param mid added to the middle's output
   */
  public record Residuals(List<NDArray> down, NDArray mid) {
    public Residuals {
      down = List.copyOf(down);
    }

    /** The residuals of several ControlNets, added. */
    public Residuals plus(Residuals other) {
      List<NDArray> sums = new ArrayList<>();
      for (int i = 0; i < down.size(); i++) {
        sums.add(down.get(i).add(other.down.get(i)));
      }
      return new Residuals(sums, mid.add(other.mid));
    }
  }

  public static Conditions text(NDArray context) {
    return new Conditions(context, null, null, null, null, null, null);
  }

  public Conditions withContextMask(@Nullable NDArray mask) {
    return new Conditions(
        context, mask, classLabels, added, timeCondition, residuals, perturbation);
  }

  public Conditions withClassLabels(@Nullable NDArray labels) {
    return new Conditions(
        context, contextMask, labels, added, timeCondition, residuals, perturbation);
  }

  public Conditions withAdded(@Nullable Added added) {
    return new Conditions(
        context, contextMask, classLabels, added, timeCondition, residuals, perturbation);
  }

  public Conditions withTimeCondition(@Nullable NDArray condition) {
    return new Conditions(
        context, contextMask, classLabels, added, condition, residuals, perturbation);
  }

  public Conditions withResiduals(@Nullable Residuals residuals) {
    return new Conditions(
        context, contextMask, classLabels, added, timeCondition, residuals, perturbation);
  }

  public Conditions withPerturbation(@Nullable Perturbation perturbation) {
    return new Conditions(
        context, contextMask, classLabels, added, timeCondition, residuals, perturbation);
  }
}
