package dev.darkroom.worker.engine;

/** The shape of one row's latent, {@code [channels, height, width]}, in latent pixels. */
public record LatentShape(int channels, int height, int width) {
  public LatentShape {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "latent shape: expected positive sizes, got [%d,%d,%d]"
              .formatted(channels, height, width));
    }
  }
}
