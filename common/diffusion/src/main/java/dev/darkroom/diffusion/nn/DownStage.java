package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Resnets, the transformer after each where the level attends, and what halves the map. */
public final class DownStage {
  private final Stage stage;

  /**
   * @param transformers one for each resnet, or none
   * @param down at the end, or null
   */
  public DownStage(
      Weights weights,
      List<ResnetBlock> resnets,
      List<SpatialTransformer> transformers,
      @Nullable Downsample down) {
    stage =
        down == null
            ? new Stage(weights, resnets, transformers, null, false)
            : new Stage(weights, resnets, transformers, down.value(), down.padsEnd());
  }

  /**
   * @param x [N, in, H, W]
   * @return every map that the way up will meet again: after each resnet and its transformer, and
   *     the halved one
   */
  public List<NDArray> forward(NDArray x, Step step) {
    return stage.call("run_down_stage", x, step).runForTensors();
  }
}
