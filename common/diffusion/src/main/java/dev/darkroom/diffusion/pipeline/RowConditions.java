package dev.darkroom.diffusion.pipeline;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one row of a network call is conditioned on, beside its time and what it sees.
 *
 * @param context an encoded prompt, [T * D] of any T
 * @param pooled one state for the whole prompt, [P], for Stable Diffusion XL; else null
 * @param shared what does not come from the prompt
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RowConditions(float[] context, float @Nullable [] pooled, Shared shared) {

  /**
   * What the rows of a request are conditioned on beside its prompts.
   *
   * @param timeIds sizes and crop, [6], or [5] with a score: for Stable Diffusion XL; else null
   * @param classLabel for a model with a table of classes: the noise level of an upscaler's
   *     picture; else null
   * @param timeCondition the embedded guidance scale, for a model that was distilled with guidance;
   *     else null
   * @param perturbed names of self-attention layers in which each position sees itself alone
   */
  public record Shared(
      float @Nullable [] timeIds,
      @Nullable Integer classLabel,
      float @Nullable [] timeCondition,
      Set<String> perturbed) {
    /** Nothing: a model that is conditioned on a prompt alone. */
    public static final Shared NONE = new Shared(null, null, null);

    /** Of a network that runs whole. */
    public Shared(
        float @Nullable [] timeIds,
        @Nullable Integer classLabel,
        float @Nullable [] timeCondition) {
      this(timeIds, classLabel, timeCondition, Set.of());
    }

    /** The same with other layers perturbed. */
    public Shared perturbing(Set<String> layers) {
      return new Shared(timeIds, classLabel, timeCondition, Set.copyOf(layers));
    }
  }

  /** A prompt alone. */
  public static RowConditions text(float[] context) {
    return new RowConditions(context, null, Shared.NONE);
  }

  static RowConditions of(EncodedText text, Shared shared) {
    return new RowConditions(text.context(), text.pooled(), shared);
  }
}
