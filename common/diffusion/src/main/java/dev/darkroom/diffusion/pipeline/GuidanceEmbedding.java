package dev.darkroom.diffusion.pipeline;

/**
 * The guidance scale as a distilled network is told it. Luo et al. 2023 (LCM), section 4.3: {@code
 * get_guidance_scale_embedding} of diffusers.
 */
final class GuidanceEmbedding {
  private static final float MAX_PERIOD = 10000;
  private static final float SCALE = 1000;

  private GuidanceEmbedding() {}

  /**
   * @param guidanceScale of classifier-free guidance; the network is told one less
   * @param channels of the embedding
   * @return sines, then cosines, and a zero where the number is odd
   */
  static float[] of(double guidanceScale, int channels) {
    // In float32 throughout: w is in the thousands, and its sine depends on how it is rounded.
    float w = (float) (guidanceScale - 1) * SCALE;
    int half = channels / 2;
    float step = (float) Math.log(MAX_PERIOD) / (half - 1);
    float[] embedding = new float[channels];
    for (int i = 0; i < half; i++) {
      float angle = w * (float) Math.exp(i * -step);
      embedding[i] = (float) Math.sin(angle);
      embedding[half + i] = (float) Math.cos(angle);
    }
    return embedding;
  }
}
