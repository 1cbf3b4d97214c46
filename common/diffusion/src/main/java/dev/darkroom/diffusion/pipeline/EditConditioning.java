package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.GuidanceInterval;
import dev.darkroom.diffusion.guidance.ImageGuidance;
import dev.darkroom.diffusion.pipeline.RowConditions.Shared;
import java.util.List;

/**
 * Conditioning on an instruction and a picture, each guided at its own scale. Brooks et al. 2023.
 */
final class EditConditioning implements Conditioning {
  private final EncodedTexts texts;
  private final ImageGuidance guidance;
  private final Shared told;

  /**
   * @param steps network calls of the run
   * @param rescales whether the model's pipeline in diffusers knows the rescale of guidance: XL's
   *     does
   * @param told what every row is conditioned on beside the instruction and the picture
   */
  EditConditioning(
      TextToImage request,
      double imageScale,
      int steps,
      TextEncoding encoding,
      boolean rescales,
      Shared told) {
    this.told = told;
    ClassifierFreeGuidance asked = request.guidance();
    this.guidance = new ImageGuidance(asked.scale(), imageScale, asked.rescale());
    this.texts = new EncodedTexts(request, steps, guidance.isOn(), encoding);
    if (asked.rescale() != 0 && !rescales) {
      throw DiffusionException.badInput(
          "guidance rescale: expected 0 for a model that edits pictures and is not Stable Diffusion XL, got "
              + asked.rescale());
    }
    if (!request.guidance().interval().equals(GuidanceInterval.ALL)) {
      throw DiffusionException.badInput(
          "guidance interval: expected the whole run for a model that edits pictures, got a part");
    }
    if (request.perturbed().isOn()) {
      throw DiffusionException.badInput(
          "perturbed attention scale: expected 0 for a model that edits pictures, got "
              + request.perturbed().scale());
    }
    if (!texts.prompt().isSingle()) {
      throw DiffusionException.badInput(
          "prompt: expected one instruction for a model that edits pictures, got %d joined by AND"
              .formatted(texts.prompt().parts().size()));
    }
  }

  @Override
  public List<Branch> branches(int step) {
    RowConditions toward = RowConditions.of(texts.toward(step).getFirst(), told);
    if (!guidance.isOn()) {
      return List.of(new Branch(toward, true, true));
    }
    RowConditions away = RowConditions.of(texts.away(step), told);
    return List.of(
        new Branch(toward, true, true),
        new Branch(away, true, false),
        new Branch(away, false, false));
  }

  @Override
  public float[] guided(int step, List<float[]> predictions) {
    return guidance.isOn()
        ? guidance.apply(predictions.get(0), predictions.get(1), predictions.get(2))
        : predictions.getFirst();
  }
}
