package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.pipeline.RowConditions.Shared;
import dev.darkroom.diffusion.prompt.ComposedPrompt;
import java.util.ArrayList;
import java.util.List;

/** Conditioning on a prompt, guided away from another. Ho and Salimans 2022. */
final class TextConditioning implements Conditioning {
  private final EncodedTexts texts;
  private final ClassifierFreeGuidance guidance;
  private final Shared toward;
  private final Shared away;

  /**
   * @param steps network calls of the run
   * @param toward what the prompt's rows are conditioned on beside it
   * @param away the same of the negative prompt's
   */
  TextConditioning(
      TextToImage request,
      ClassifierFreeGuidance guidance,
      int steps,
      TextEncoding encoding,
      Shared toward,
      Shared away) {
    this.guidance = guidance;
    this.texts = new EncodedTexts(request, steps, guidance.isOn(), encoding);
    this.toward = toward;
    this.away = away;
  }

  /** One for each part of the prompt, then the negative prompt where there is need for it. */
  @Override
  public List<Branch> branches(int step) {
    List<Branch> branches = new ArrayList<>();
    for (EncodedText text : texts.toward(step)) {
      branches.add(new Branch(RowConditions.of(text, toward), true, true));
    }
    if (guidance.isOnAt(step, texts.steps()) || !texts.prompt().isSingle()) {
      branches.add(new Branch(RowConditions.of(texts.away(step), away), true, false));
    }
    return branches;
  }

  @Override
  public float[] guided(int step, List<float[]> predictions) {
    float[] conditional = composed(predictions);
    return guidance.isOnAt(step, texts.steps())
        ? guidance.apply(predictions.getLast(), conditional)
        : conditional;
  }

  /** The prediction for a prompt, u + sum of w_i (c_i - u) for a composed one: Liu et al. 2022. */
  private float[] composed(List<float[]> predictions) {
    ComposedPrompt prompt = texts.prompt();
    if (prompt.isSingle()) {
      return predictions.getFirst();
    }
    float[] away = predictions.getLast();
    float[] toward = away.clone();
    for (int k = 0; k < prompt.parts().size(); k++) {
      float weight = (float) prompt.parts().get(k).weight();
      float[] conditional = predictions.get(k);
      for (int i = 0; i < toward.length; i++) {
        toward[i] += weight * (conditional[i] - away[i]);
      }
    }
    return toward;
  }
}
