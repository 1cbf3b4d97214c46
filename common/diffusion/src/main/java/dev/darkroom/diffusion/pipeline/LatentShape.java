package dev.darkroom.diffusion.pipeline;

/** The shape of one picture's latent. */
public record LatentShape(int channels, int height, int width) {
  /** How many values it has. */
  public int size() {
    return Math.multiplyExact(channels, Math.multiplyExact(height, width));
  }

  /**
   * A latent of this shape with sides twice as long, by its nearest neighbours.
   *
   * @param latent [C*h*w]
   * @return [C*2h*2w]
   */
  float[] doubled(float[] latent) {
    float[] large = new float[4 * size()];
    for (int row = 0; row < 2 * channels * height; row++) {
      for (int column = 0; column < 2 * width; column++) {
        large[row * 2 * width + column] = latent[row / 2 * width + column / 2];
      }
    }
    return large;
  }
}
