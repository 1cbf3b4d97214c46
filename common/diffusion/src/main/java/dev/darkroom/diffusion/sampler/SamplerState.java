package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.random.TorchGenerator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One image on its way from noise, before network call {@link #step()}. Immutable: the arrays are
 * shared, never write to them.
 */
public final class SamplerState {
  private static final int MAGIC = 0x44524d33; // "DRM3"
  private static final int MAX_FLOATS = 1 << 28;

  private final int begin;
  private final int step;
  private final float[] sample;
  private final List<float[]> history;
  private final NoiseSource generator;

  private SamplerState(
      int begin, int step, float[] sample, List<float[]> history, NoiseSource generator) {
    this.begin = begin;
    this.step = step;
    this.sample = sample;
    this.history = List.copyOf(history);
    this.generator = generator;
  }

  /**
   * A state in the middle, with nothing remembered: where a run from a noised picture starts.
   *
   * @param sample as noisy as the sampler expects before call {@code step}
   */
  public static SamplerState at(int step, float[] sample, NoiseSource noise) {
    return new SamplerState(step, step, sample, List.of(), noise.copy());
  }

  /** How many network calls lie behind. */
  public int step() {
    return step;
  }

  /** The call that the run began at: 0, or more where it began from a noised picture. */
  int begin() {
    return begin;
  }

  /** The noisy latent, [C*H*W] float32. */
  public float[] sample() {
    return sample;
  }

  /**
   * What the sampler keeps for its next calls: earlier estimates, the latest first, then whatever
   * its file says.
   */
  List<float[]> history() {
    return history;
  }

  /** A copy of the noise stream at this point. */
  NoiseSource generator() {
    return generator.copy();
  }

  SamplerState next(float[] sample) {
    return next(sample, List.of(), generator);
  }

  SamplerState next(float[] sample, List<float[]> history) {
    return next(sample, history, generator);
  }

  SamplerState next(float[] sample, NoiseSource generator) {
    return next(sample, List.of(), generator);
  }

  SamplerState next(float[] sample, List<float[]> history, NoiseSource generator) {
    return new SamplerState(begin, step + 1, sample, history, generator);
  }

  /** The same with another sample: an edit, or a mask's pixels put back. */
  public SamplerState withSample(float[] sample) {
    return new SamplerState(begin, step, sample, history, generator);
  }

  /** All of it, for {@link #fromBytes}. */
  public byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(MAGIC);
      out.writeInt(begin);
      out.writeInt(step);
      out.write(generator.toBytes());
      out.writeInt(1 + history.size());
      write(out, sample);
      for (float[] each : history) {
        write(out, each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return bytes.toByteArray();
  }

  /** The state whose {@link #toBytes()} these are. */
  public static SamplerState fromBytes(byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readInt() != MAGIC) {
        throw damaged(null);
      }
      int begin = in.readInt();
      int step = in.readInt();
      TorchGenerator generator =
          TorchGenerator.fromBytes(in.readNBytes(TorchGenerator.STATE_BYTES));
      int arrays = in.readInt();
      if (begin < 0 || step < begin || arrays < 1 || arrays > 8) {
        throw damaged(null);
      }
      float[] sample = read(in);
      List<float[]> history = new ArrayList<>();
      for (int i = 1; i < arrays; i++) {
        history.add(read(in));
      }
      return new SamplerState(begin, step, sample, history, generator);
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  private static DiffusionException damaged(@Nullable IOException cause) {
    return DiffusionException.badCheckpoint(
        "sampler state: expected the bytes that toBytes() gave, got something else; start the image again",
        cause == null ? new IOException("not a sampler state") : cause);
  }

  private static void write(DataOutputStream out, float[] values) throws IOException {
    out.writeInt(values.length);
    for (float value : values) {
      out.writeInt(Float.floatToRawIntBits(value));
    }
  }

  private static float[] read(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > MAX_FLOATS || length > in.available() / 4) {
      throw new IOException("an array of " + length + " floats");
    }
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = Float.intBitsToFloat(in.readInt());
    }
    return values;
  }
}
