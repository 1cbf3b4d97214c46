package dev.darkroom.diffusion.pipeline;

/** The shape of one picture's latent. */
public record LatentShape(int channels, int height, int width) {
  /** How many values it has. */
  public int size() {
    return Math.multiplyExact(channels, Math.multiplyExact(height, width));
  }
}
