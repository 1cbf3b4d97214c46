package dev.darkroom.diffusion.random;

/**
 * The float32 logarithm, sine and cosine that PyTorch's AVX2 kernels use (the Cephes polynomials of
 * {@code avx_mathfun.h}). Every rounding is that of the vector code: where its compiler fuses a
 * multiply and an add, so does this. Ordinary {@code Math.log} is more accurate and would differ in
 * the last bit about once in fifty draws.
 */
final class CephesMath {
  private static final float SQRT_HALF = 0.707106781186547524f;
  private static final float FOUR_OVER_PI = 1.27323954473516f;

  private CephesMath() {}

  /** Natural logarithm of a positive float. */
  static float log(float value) {
    int bits = Float.floatToRawIntBits(Math.max(value, Float.MIN_NORMAL));
    float e = (bits >>> 23) - 126; // value = m * 2^e with m in [0.5, 1)
    float m = Float.intBitsToFloat((bits & 0x807fffff) | 0x3f000000);
    float x = m - 1f;
    if (m < SQRT_HALF) {
      e -= 1f;
      x += m;
    }
    float z = x * x;
    float y = 7.0376836292E-2f;
    y = Math.fma(y, x, -1.1514610310E-1f);
    y = Math.fma(y, x, 1.1676998740E-1f);
    y = Math.fma(y, x, -1.2420140846E-1f);
    y = Math.fma(y, x, 1.4249322787E-1f);
    y = Math.fma(y, x, -1.6668057665E-1f);
    y = Math.fma(y, x, 2.0000714765E-1f);
    y = Math.fma(y, x, -2.4999993993E-1f);
    y = Math.fma(y, x, 3.3333331174E-1f);
    y *= x;
    y = Math.fma(y, z, e * -2.12194440e-4f);
    y = Math.fma(-z, 0.5f, y);
    return Math.fma(e, 0.693359375f, x + y);
  }

  /** Sine of an angle in [0, 2 pi]. */
  static float sin(float angle) {
    int octant = octant(angle);
    float x = reduce(angle, octant);
    float value = (octant & 2) == 0 ? sinPolynomial(x) : cosPolynomial(x);
    return (octant & 4) != 0 ? -value : value;
  }

  /** Cosine of an angle in [0, 2 pi]. */
  static float cos(float angle) {
    int octant = octant(angle);
    float x = reduce(angle, octant);
    float value = (octant & 2) == 0 ? cosPolynomial(x) : sinPolynomial(x);
    return (~(octant - 2) & 4) != 0 ? -value : value;
  }

  private static int octant(float angle) {
    return ((int) (angle * FOUR_OVER_PI) + 1) & ~1;
  }

  /** angle - octant * pi/4, pi/4 in three parts so that nothing is lost. */
  private static float reduce(float angle, int octant) {
    float x = Math.fma((float) octant, -0.78515625f, angle);
    x = Math.fma((float) octant, -2.4187564849853515625e-4f, x);
    return Math.fma((float) octant, -3.77489497744594108e-8f, x);
  }

  private static float cosPolynomial(float x) {
    float z = x * x;
    float y = 2.443315711809948E-005f;
    y = Math.fma(y, z, -1.388731625493765E-003f);
    y = Math.fma(y, z, 4.166664568298827E-002f);
    y *= z;
    y = Math.fma(y, z, -(z * 0.5f));
    return y + 1f;
  }

  private static float sinPolynomial(float x) {
    float z = x * x;
    float y = -1.9515295891E-4f;
    y = Math.fma(y, z, 8.3321608736E-3f);
    y = Math.fma(y, z, -1.6666654611E-1f);
    y *= z;
    return Math.fma(y, x, x);
  }
}
