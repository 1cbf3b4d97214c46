package dev.darkroom.diffusion.schedule;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.util.function.UnaryOperator;

/**
 * Elementary functions in float32 to the bit as the reference has them, where a last place counts:
 * before a cancellation, or before a time is cut to a whole one.
 */
public final class ReferenceMath {
  private static final float LN_2 = (float) Math.log(2);
  private static final float ROOT_OF_HALF = 0.70710678118f;
  private static final float[] NUMERATOR = {
    0f, 1f, 2.112677543073053f, 1.4800006335765066f, 0.3808837741388408f, 0.02589979117907923f
  };
  private static final float[] DENOMINATOR = {
    1f,
    2.612677543073109f,
    2.4530060717847364f,
    0.9864942958519418f,
    0.15464763749839067f,
    0.005875095403124574f
  };

  private ReferenceMath() {}

  /**
   * PyTorch's square roots of a tensor, which its library rounds to the neighbour of the nearest
   * value now and then.
   *
   * @param values float32, not negative
   */
  public static float[] sqrt(float[] values) {
    return map(values, NDArray::sqrt);
  }

  /**
   * PyTorch's natural logarithms of a tensor, one in twenty of which is beside the nearest value.
   *
   * @param values float32, not negative
   */
  public static float[] tensorLog(float[] values) {
    return map(values, NDArray::log);
  }

  /** PyTorch's exponentials of a tensor, of float32 values. */
  public static float[] tensorExp(float[] values) {
    return map(values, NDArray::exp);
  }

  private static float[] map(float[] values, UnaryOperator<NDArray> function) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      return function.apply(manager.create(values)).toFloatArray();
    }
  }

  /**
   * NumPy's natural logarithm of a float32: a quotient of two polynomials around 1, as it has it on
   * processors with wide registers.
   *
   * @param x a positive number
   */
  public static float log(float x) {
    int exponent = Math.getExponent(x) + 1;
    float mantissa = x / Math.scalb(1f, exponent); // in [0.5, 1)
    if (mantissa <= ROOT_OF_HALF) {
      exponent--;
      mantissa *= 2;
    }
    float y = mantissa - 1;
    return Math.fma(exponent, LN_2, polynomial(NUMERATOR, y) / polynomial(DENOMINATOR, y));
  }

  private static float polynomial(float[] coefficients, float y) {
    float sum = coefficients[coefficients.length - 1];
    for (int i = coefficients.length - 2; i >= 0; i--) {
      sum = Math.fma(sum, y, coefficients[i]);
    }
    return sum;
  }
}
