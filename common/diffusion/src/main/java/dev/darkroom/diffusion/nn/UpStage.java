package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Call;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Resnets that each take a skip connection behind their channels, the transformer after each where
 * the level attends, and what doubles the map.
 */
public final class UpStage {
  private final Stage stage;

  /**
   * @param transformers one for each resnet, or none
   * @param up at the end, or null
   */
  public UpStage(
      Weights weights,
      List<ResnetBlock> resnets,
      List<SpatialTransformer> transformers,
      @Nullable Upsample up) {
    stage = new Stage(weights, resnets, transformers, up == null ? null : up.value(), false);
  }

  /**
   * @param x [N, in, H, W]
   * @param skips [N, skip, H, W] for each resnet, that of the first last; freed on the way
   * @param size [.., .., H', W'] of what is to come out
   * @return [N, out, H', W']
   */
  public NDArray forward(NDArray x, Step step, List<NDArray> skips, Shape size) {
    Call call = stage.call("run_up_stage", x, step).tensors(skips);
    // The call holds them now, and lets go of each once it is used.
    skips.forEach(NDArray::close);
    return call.integer(size.get(2)).integer(size.get(3)).run();
  }
}
