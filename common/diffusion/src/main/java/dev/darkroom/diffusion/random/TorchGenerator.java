package dev.darkroom.diffusion.random;

import dev.darkroom.diffusion.DiffusionException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * PyTorch's CPU random stream: MT19937 and the Box-Muller transform as {@code torch.randn} applies
 * them (Matsumoto and Nishimura 1998). The numbers are those of {@code torch.randn(n,
 * generator=torch.Generator("cpu").manual_seed(seed))}.
 *
 * <p>Not thread-safe: a generator belongs to one image. {@link #copy()} and {@link #toBytes()}
 * freeze it.
 */
public final class TorchGenerator implements NoiseSource {
  private static final int WORDS = 624;
  private static final int SHIFT = 397;

  /** The length of {@link #toBytes()}. */
  public static final int STATE_BYTES = 8 + 4 * WORDS + 13;

  private static final int BLOCK = 16; // torch fills 16 normals at once
  private static final float TWO_PI = 6.2831853071795864f;

  private final long seed;
  private final int[] words;
  private int index;
  private @Nullable Double spare; // the second normal of a pair, kept by short draws

  /**
   * A generator as {@code manual_seed(seed)} leaves it. As in PyTorch, the low 32 bits of the seed
   * count.
   */
  public TorchGenerator(long seed) {
    this.seed = seed;
    words = new int[WORDS];
    words[0] = (int) seed;
    for (int j = 1; j < WORDS; j++) {
      words[j] = 1812433253 * (words[j - 1] ^ (words[j - 1] >>> 30)) + j;
    }
    index = WORDS;
  }

  private TorchGenerator(long seed, int[] words, int index, @Nullable Double spare) {
    this.seed = seed;
    this.words = words;
    this.index = index;
    this.spare = spare;
  }

  /** What it was seeded with, wherever the stream stands: {@code initial_seed()} of PyTorch. */
  @Override
  public OptionalLong seed() {
    return OptionalLong.of(seed);
  }

  /** An independent generator at the same place of the stream. */
  @Override
  public TorchGenerator copy() {
    return new TorchGenerator(seed, words.clone(), index, spare);
  }

  /**
   * The next n standard normals, as one {@code torch.randn} of n elements draws them.
   *
   * <p>A tensor of 16 or more is filled a block at a time; its last 16 are drawn again where n is
   * no multiple of 16; a smaller one is drawn in double precision, a pair at a time. So one draw of
   * 32 is not two draws of 16.
   */
  @Override
  public float[] normal(int n) {
    float[] values = new float[n];
    if (n < BLOCK) {
      for (int i = 0; i < n; i++) {
        values[i] = (float) nextNormal();
      }
      return values;
    }
    for (int i = 0; i < n; i++) {
      values[i] = nextUniform();
    }
    for (int i = 0; i + BLOCK <= n; i += BLOCK) {
      boxMuller(values, i);
    }
    if (n % BLOCK != 0) {
      int last = n - BLOCK;
      for (int i = last; i < n; i++) {
        values[i] = nextUniform();
      }
      boxMuller(values, last);
    }
    return values;
  }

  /** The state of the stream, for {@link #fromBytes}. */
  @Override
  public byte[] toBytes() {
    ByteBuffer buffer = ByteBuffer.allocate(STATE_BYTES);
    buffer.putLong(seed);
    for (int word : words) {
      buffer.putInt(word);
    }
    buffer.putInt(index);
    buffer.put((byte) (spare == null ? 0 : 1)).putDouble(spare == null ? 0 : spare);
    return buffer.array();
  }

  /** The generator whose {@link #toBytes()} these are. */
  public static TorchGenerator fromBytes(byte[] state) {
    if (state.length != STATE_BYTES) {
      throw DiffusionException.badInput(
          "random state: expected %d bytes, got %d".formatted(STATE_BYTES, state.length));
    }
    ByteBuffer buffer = ByteBuffer.wrap(state);
    long seed = buffer.getLong();
    int[] words = new int[WORDS];
    for (int j = 0; j < WORDS; j++) {
      words[j] = buffer.getInt();
    }
    int index = buffer.getInt();
    if (index < 0 || index > WORDS) {
      throw DiffusionException.badInput("random state: expected an index in [0,624], got " + index);
    }
    boolean hasSpare = buffer.get() != 0;
    double spare = buffer.getDouble();
    return new TorchGenerator(seed, words, index, hasSpare ? spare : null);
  }

  private static void boxMuller(float[] values, int from) {
    for (int j = from; j < from + BLOCK / 2; j++) {
      float u1 = 1f - values[j];
      float u2 = values[j + BLOCK / 2];
      float radius = (float) Math.sqrt(-2f * CephesMath.log(u1));
      float theta = TWO_PI * u2;
      values[j] = radius * CephesMath.cos(theta);
      values[j + BLOCK / 2] = radius * CephesMath.sin(theta);
    }
  }

  private double nextNormal() {
    if (spare != null) {
      double value = spare;
      spare = null;
      return value;
    }
    double u1 = nextDouble();
    double u2 = nextDouble();
    double r = Math.sqrt(-2.0 * Math.log1p(-u2));
    double theta = 2.0 * Math.PI * u1;
    spare = r * Math.sin(theta);
    return r * Math.cos(theta);
  }

  /** Uniform in [0, 1) with 24 bits. */
  private float nextUniform() {
    return (nextWord() & 0xffffff) * 0x1p-24f;
  }

  /** Uniform in [0, 1) with 53 bits. */
  private double nextDouble() {
    long high = nextWord();
    long low = nextWord() & 0xffffffffL;
    return ((high << 32 | low) & ((1L << 53) - 1)) * 0x1p-53;
  }

  private int nextWord() {
    if (index == WORDS) {
      twist();
    }
    int y = words[index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  private void twist() {
    for (int k = 0; k < WORDS; k++) {
      int y = (words[k] & 0x80000000) | (words[(k + 1) % WORDS] & 0x7fffffff);
      words[k] = words[(k + SHIFT) % WORDS] ^ (y >>> 1) ^ ((y & 1) != 0 ? 0x9908b0df : 0);
    }
    index = 0;
  }
}
