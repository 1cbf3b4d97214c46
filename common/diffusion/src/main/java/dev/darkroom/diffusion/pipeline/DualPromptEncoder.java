package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.adapter.LoraBase;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.text.TextualInversion;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Stable Diffusion XL's two encoders: the states of both side by side, the whole text's from the
 * second. Podell et al. 2023, section 2.1.
 *
 * @param first null for a refiner, which has the second alone
 * @param emptyIsZeros {@code force_zeros_for_empty_prompt}
 */
record DualPromptEncoder(@Nullable PromptEncoder first, PromptEncoder second, boolean emptyIsZeros)
    implements TextEncoding {

  @Override
  public EncodedText encode(
      String prompt, @Nullable String prompt2, PromptSyntax syntax, int clipSkip) {
    if (first == null) {
      return second.encode(prompt, null, syntax, clipSkip);
    }
    EncodedText left = first.encode(prompt, null, syntax, clipSkip);
    EncodedText right =
        second.encode(Objects.requireNonNullElse(prompt2, prompt), null, syntax, clipSkip);
    int leftChannels = first.channels();
    int rightChannels = second.channels();
    int tokens =
        Math.max(left.context().length / leftChannels, right.context().length / rightChannels);
    float[] a = filled(left.context(), tokens, first, syntax, clipSkip);
    float[] b = filled(right.context(), tokens, second, syntax, clipSkip);
    float[] context = new float[Math.multiplyExact(tokens, leftChannels + rightChannels)];
    for (int t = 0; t < tokens; t++) {
      int at = t * (leftChannels + rightChannels);
      System.arraycopy(a, t * leftChannels, context, at, leftChannels);
      System.arraycopy(b, t * rightChannels, context, at + leftChannels, rightChannels);
    }
    return new EncodedText(context, right.pooled());
  }

  /** The states of a shorter text, with those of the empty one for the chunks that it lacks. */
  private static float[] filled(
      float[] states, int tokens, PromptEncoder encoder, PromptSyntax syntax, int clipSkip) {
    int length = tokens * encoder.channels();
    if (states.length == length) {
      return states;
    }
    float[] empty = encoder.encode("", null, syntax, clipSkip).context();
    float[] filled = new float[length];
    System.arraycopy(states, 0, filled, 0, states.length);
    for (int at = states.length; at < length; at += empty.length) {
      System.arraycopy(empty, 0, filled, at, empty.length);
    }
    return filled;
  }

  @Override
  public int length() {
    return second.length();
  }

  @Override
  public int channels() {
    return (first == null ? 0 : first.channels()) + second.channels();
  }

  @Override
  public int pooledChannels() {
    return second.pooledChannels();
  }

  @Override
  public DualPromptEncoder with(List<TextualInversion> inversions) {
    List<TextualInversion> others = new ArrayList<>();
    for (TextualInversion inversion : inversions) {
      if (inversion.second().isEmpty()) {
        throw DiffusionException.badInput(
            "embedding %s: expected vectors for both of the model's text encoders (clip_l and clip_g), got those of one"
                .formatted(inversion.token()));
      }
      others.add(new TextualInversion(inversion.token(), inversion.second(), List.of()));
    }
    return new DualPromptEncoder(
        first == null ? null : first.with(inversions), second.with(others), emptyIsZeros);
  }

  @Override
  public List<LoraBase> loraBases() {
    List<LoraBase> bases = new ArrayList<>();
    if (first != null) {
      bases.addAll(first.loraBases());
    }
    bases.add(second.secondLoraBase());
    return bases;
  }

  @Override
  public DualPromptEncoder adapted(List<Adaptation> adaptations) {
    return new DualPromptEncoder(
        first == null ? null : first.adapted(List.of(adaptations.getFirst())),
        second.adapted(List.of(adaptations.getLast())),
        emptyIsZeros);
  }

  @Override
  public void close() {
    if (first != null) {
      first.close();
    }
    second.close();
  }
}
