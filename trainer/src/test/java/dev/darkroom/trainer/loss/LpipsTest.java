package dev.darkroom.trainer.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class LpipsTest {
  private static final Shape SHAPE = new Shape(2, 3, 40, 48);

  /** What lpips_golden.py prints, from the original files in float64. */
  private static final double DISTANCE = 0.5443111696552408;

  private static final double GRADIENT_NORM = 0.017982325133161475;

  @Test
  void measuresAndBackpropagatesAsTheOriginal() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode mode = GradMode.on()) {
      NDArray x = picture(manager, i -> Math.sin(i * 0.37));
      x.setRequiresGradient(true);

      NDArray distance = new Lpips(manager).distance(x, picture(manager, i -> Math.cos(i * 0.011)));
      Autograd.backward(distance);

      assertEquals(DISTANCE, distance.getFloat(), 1e-5);
      assertEquals(GRADIENT_NORM, x.getGradient().norm().getFloat(), 1e-5);
    }
  }

  @Test
  void isZeroBetweenAPictureAndItself() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode mode = GradMode.off()) {
      NDArray x = picture(manager, i -> Math.sin(i * 0.37));
      assertEquals(0, new Lpips(manager).distance(x, x).getFloat());
    }
  }

  @Test
  void refusesPicturesTooSmallForItsLastTap() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      NDArray x = manager.zeros(new Shape(1, 3, 16, 64));
      DiffusionException refused =
          assertThrows(DiffusionException.class, () -> new Lpips(manager).distance(x, x));
      assertEquals(
          "LPIPS: expected two [N,3,H,W] with sides of at least 32, got (1, 3, 16, 64) and (1, 3, 16, 64)",
          refused.getMessage());
    }
  }

  private static NDArray picture(NDManager manager, IntToDoubleFunction value) {
    float[] values = new float[(int) SHAPE.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) value.applyAsDouble(i);
    }
    return manager.create(values, SHAPE);
  }
}
