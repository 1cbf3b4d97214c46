package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** A resnet, and another after each transformer. */
public final class MidStage {
  private final Stage stage;

  /**
   * @param transformers one less than resnets
   */
  public MidStage(
      Weights weights, List<ResnetBlock> resnets, List<SpatialTransformer> transformers) {
    stage = new Stage(weights, resnets, transformers, null, false);
  }

  /**
   * @param x [N, C, H, W]
   * @return the same shape
   */
  public NDArray forward(NDArray x, Step step) {
    return stage.call("run_mid_stage", x, step).run();
  }
}
