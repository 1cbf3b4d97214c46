package dev.darkroom.cli.forward;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.random.NoiseSource;
import java.util.List;
import java.util.OptionalLong;

/** The draws that another implementation made: one a network call, none where it drew nothing. */
final class RecordedNoise implements NoiseSource {
  private final List<float[]> draws;
  private int next;

  RecordedNoise(List<float[]> draws) {
    this(draws, 0);
  }

  private RecordedNoise(List<float[]> draws, int next) {
    this.draws = draws;
    this.next = next;
  }

  @Override
  public float[] normal(int n) {
    if (next == draws.size()) {
      throw DiffusionException.badInput(
          "noise: expected a draw after the %d that are there; this sampler draws more often"
              .formatted(next));
    }
    float[] draw = draws.get(next++);
    if (draw.length != n) {
      throw DiffusionException.badInput(
          "noise: expected the sample's %d values, got %d".formatted(n, draw.length));
    }
    return draw.clone();
  }

  @Override
  public OptionalLong seed() {
    return OptionalLong.empty();
  }

  @Override
  public NoiseSource copy() {
    return new RecordedNoise(draws, next);
  }

  @Override
  public byte[] toBytes() {
    throw new UnsupportedOperationException("recorded noise lies in its file already");
  }
}
