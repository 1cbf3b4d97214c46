package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.pipeline.RowConditions.Shared;
import dev.darkroom.diffusion.prompt.ComposedPrompt;
import dev.darkroom.diffusion.sampler.Sampler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Conditioning on a prompt, guided away from another (Ho and Salimans 2022), and from what the
 * network makes of the prompt with perturbed attention (Ahn et al. 2024).
 */
final class TextConditioning implements Conditioning {
  private final EncodedTexts texts;
  private final ClassifierFreeGuidance guidance;
  private final PerturbedAttentionGuidance perturbation;
  private final Sampler sampler;
  private final Shared toward;
  private final Shared away;
  private final Shared perturbed;

  /**
   * @param sampler of the run
   * @param toward what the prompt's rows are conditioned on beside it
   * @param away the same of the negative prompt's
   * @param layers that the request perturbs
   */
  TextConditioning(
      TextToImage request,
      ClassifierFreeGuidance guidance,
      Sampler sampler,
      TextEncoding encoding,
      Shared toward,
      Shared away,
      Set<String> layers) {
    this.guidance = guidance;
    this.perturbation = request.perturbed();
    this.sampler = sampler;
    this.texts = new EncodedTexts(request, sampler.steps(), guidance.isOn(), encoding);
    this.toward = toward;
    this.away = away;
    this.perturbed = toward.perturbing(layers);
  }

  /**
   * One for each part of the prompt, the same perturbed and then the negative prompt where there is
   * need for them.
   */
  @Override
  public List<Branch> branches(int step) {
    List<Branch> branches = new ArrayList<>();
    for (EncodedText text : texts.toward(step)) {
      branches.add(new Branch(RowConditions.of(text, toward), true, true));
    }
    if (perturbation.isOnAt(sampler.timestep(step))) {
      for (EncodedText text : texts.toward(step)) {
        branches.add(new Branch(RowConditions.of(text, perturbed), true, true));
      }
    }
    if (guidance.isOnAt(step, texts.steps()) || !texts.prompt().isSingle()) {
      branches.add(new Branch(RowConditions.of(texts.away(step), away), true, false));
    }
    return branches;
  }

  @Override
  public float[] guided(int step, List<float[]> predictions) {
    int parts = texts.prompt().parts().size();
    float[] away = predictions.getLast();
    float[] conditional = composed(predictions.subList(0, parts), away);
    boolean guides = guidance.isOnAt(step, texts.steps());
    float timestep = sampler.timestep(step);
    if (perturbation.isOnAt(timestep)) {
      float[] astray = composed(predictions.subList(parts, 2 * parts), away);
      return perturbation.apply(guidance, guides ? away : null, conditional, astray, timestep);
    }
    return guides ? guidance.apply(away, conditional) : conditional;
  }

  /**
   * The prediction for a prompt, u + sum of w_i (c_i - u) for a composed one: Liu et al. 2022.
   *
   * @param parts c_i
   * @param away u, which an ordinary prompt does without
   */
  private float[] composed(List<float[]> parts, float[] away) {
    ComposedPrompt prompt = texts.prompt();
    if (prompt.isSingle()) {
      return parts.getFirst();
    }
    float[] toward = away.clone();
    for (int k = 0; k < parts.size(); k++) {
      float weight = (float) prompt.parts().get(k).weight();
      float[] conditional = parts.get(k);
      for (int i = 0; i < toward.length; i++) {
        toward[i] += weight * (conditional[i] - away[i]);
      }
    }
    return toward;
  }
}
