package dev.darkroom.diffusion.guidance;

import dev.darkroom.diffusion.DiffusionException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Guidance away from what the network predicts with some of its self-attention replaced by the
 * identity. Ahn et al. 2024; alone, or beside classifier-free guidance.
 *
 * @param scale s; 3 in the paper, 0 is off
 * @param adaptiveScale how much s falls for each training time that the run has gone down from
 *     1000; 0 keeps it constant
 * @param layers whose self-attention is replaced, see {@link SelfAttentionNames}
 */
public record PerturbedAttentionGuidance(double scale, double adaptiveScale, List<String> layers) {
  /** The middle of the network: the paper's choice. */
  public static final List<String> MIDDLE = List.of("mid");

  public static final PerturbedAttentionGuidance OFF = new PerturbedAttentionGuidance(0, 0);

  public PerturbedAttentionGuidance {
    check("scale", scale);
    check("adaptive scale", adaptiveScale);
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw DiffusionException.badInput(
          "perturbed attention layers: expected the name of at least one, got none");
    }
  }

  /** In the middle. */
  public PerturbedAttentionGuidance(double scale, double adaptiveScale) {
    this(scale, adaptiveScale, MIDDLE);
  }

  private static void check(String name, double scale) {
    if (!(scale >= 0 && scale <= 1000)) {
      throw DiffusionException.badInput(
          "perturbed attention %s: expected 0 to 1000, got %s".formatted(name, scale));
    }
  }

  /** Whether the perturbed prediction is asked for at all. */
  public boolean isOn() {
    return scale > 0;
  }

  /** Whether it is asked for at a training time: an adaptive scale falls to nothing. */
  public boolean isOnAt(float timestep) {
    return isOn() && scaleAt(timestep) > 0;
  }

  /** The scale at a training time in [0, 1000). */
  public double scaleAt(float timestep) {
    return adaptiveScale == 0 ? scale : Math.max(0, scale - adaptiveScale * (1000 - timestep));
  }

  /**
   * u + w (c - u) + s (c - p), then rescaled as classifier-free guidance is; c + s (c - p) where
   * that is off.
   *
   * @param unconditional [C*H*W], the prediction for the negative prompt; null where
   *     classifier-free guidance is off
   * @param conditional [C*H*W], the prediction for the prompt
   * @param perturbed [C*H*W], the same with perturbed attention
   * @return a new array
   */
  public float[] apply(
      ClassifierFreeGuidance guidance,
      float @Nullable [] unconditional,
      float[] conditional,
      float[] perturbed,
      float timestep) {
    float s = (float) scaleAt(timestep);
    float[] guided =
        unconditional == null ? conditional.clone() : guidance.mix(unconditional, conditional);
    for (int k = 0; k < guided.length; k++) {
      guided[k] += s * (conditional[k] - perturbed[k]);
    }
    if (unconditional != null) {
      guidance.rescale(guided, conditional);
    }
    return guided;
  }
}
