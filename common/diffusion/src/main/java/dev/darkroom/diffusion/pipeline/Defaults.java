package dev.darkroom.diffusion.pipeline;

/**
 * What diffusers' pipelines of a model take where nobody says.
 *
 * @param inpaintingGuidanceScale the guidance scale of inpainting
 * @param strength of image to image
 * @param inpaintingStrength of inpainting
 */
public record Defaults(
    int steps,
    double guidanceScale,
    double inpaintingGuidanceScale,
    double strength,
    double inpaintingStrength) {

  /** The same, its guidance scale that of inpainting. */
  public Defaults ofInpainting() {
    return new Defaults(
        steps, inpaintingGuidanceScale, inpaintingGuidanceScale, strength, inpaintingStrength);
  }
}
