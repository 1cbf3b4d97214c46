package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;

/** What the forward of a U-Net, or of its encoder, needs of its inputs. */
public final class InputShapes {
  private InputShapes() {}

  /**
   * @throws DiffusionException naming the array whose shape is not what the config needs
   */
  public static void check(
      UNetConfig config, NDArray sample, NDArray timestep, Conditions conditions) {
    checkSample(config.inChannels(), sample, timestep);
    KLevels.checkSides(config, sample.getShape());
    long rows = sample.getShape().get(0);
    Shape context = conditions.context().getShape();
    if (context.dimension() != 3
        || context.get(0) != rows
        || context.get(2) != config.contextChannels()) {
      throw DiffusionException.badInput(
          "encoder_hidden_states: expected [%d,T,%d], got %s"
              .formatted(rows, config.contextChannels(), context));
    }
    NDArray contextMask = conditions.contextMask();
    if (contextMask != null && !contextMask.getShape().equals(new Shape(rows, context.get(1)))) {
      throw DiffusionException.badInput(
          "encoder_attention_mask: expected [%d,%d], got %s"
              .formatted(rows, context.get(1), contextMask.getShape()));
    }
  }

  /**
   * @throws DiffusionException if the sample is not [N, channels, H, W] float32, or its times are
   *     not [N]
   */
  static void checkSample(int channels, NDArray sample, NDArray timestep) {
    Shape shape = sample.getShape();
    if (shape.dimension() != 4 || shape.get(1) != channels || shape.size() == 0) {
      throw DiffusionException.badInput(
          "sample: expected [N,%d,H,W], got %s".formatted(channels, shape));
    }
    if (sample.getDataType() != DataType.FLOAT32) {
      throw DiffusionException.badInput("sample: expected float32, got " + sample.getDataType());
    }
    long rows = shape.get(0);
    if (!timestep.getShape().equals(new Shape(rows))) {
      throw DiffusionException.badInput(
          "timestep: expected [%d], one for each row, got %s".formatted(rows, timestep.getShape()));
    }
  }
}
