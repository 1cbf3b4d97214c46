package dev.darkroom.diffusion.guidance;

import dev.darkroom.diffusion.DiffusionException;

/**
 * Guidance by a prompt and by a picture, each at its own scale. Brooks et al. 2023
 * (InstructPix2Pix), equation 3.
 *
 * @param textScale s_T; 7.5 in the paper
 * @param imageScale s_I; 1.5 in the paper
 * @param rescale phi in [0, 1], the share of the prediction that is brought back to the deviation
 *     of the one for prompt and picture (Lin et al. 2024)
 */
public record ImageGuidance(double textScale, double imageScale, double rescale) {
  public ImageGuidance {
    check("guidance scale", textScale);
    check("image guidance scale", imageScale);
    Rescale.check(rescale);
  }

  private static void check(String name, double scale) {
    if (!(scale >= 0 && scale <= 1000)) {
      throw DiffusionException.badInput(name + ": expected 0 to 1000, got " + scale);
    }
  }

  /** Whether the other two predictions are asked for: the rule of diffusers. */
  public boolean isOn() {
    return textScale > 1 && imageScale >= 1;
  }

  /**
   * u + s_T (t - i) + s_I (i - u), then rescaled.
   *
   * @param text [C*H*W], the prediction for prompt and picture
   * @param image [C*H*W], the prediction for the picture and the negative prompt
   * @param unconditional [C*H*W], the prediction for the negative prompt and no picture: zeros
   * @return a new array
   */
  public float[] apply(float[] text, float[] image, float[] unconditional) {
    float sT = (float) textScale;
    float sI = (float) imageScale;
    float[] guided = new float[text.length];
    for (int k = 0; k < guided.length; k++) {
      guided[k] = unconditional[k] + sT * (text[k] - image[k]) + sI * (image[k] - unconditional[k]);
    }
    new Rescale(rescale).apply(guided, text);
    return guided;
  }
}
