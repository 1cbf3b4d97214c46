package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.Frame;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.Request.Inpainting;
import java.util.function.UnaryOperator;

/**
 * What inpainting sees of a picture, and what becomes of what it paints.
 *
 * @param image of the size that the network paints
 * @param mask of that size
 * @param control from a ControlNet's picture to what the ControlNet sees of it
 * @param finish from what was painted to the result
 */
record PaintedPicture(
    RgbImage image, Mask mask, UnaryOperator<RgbImage> control, UnaryOperator<RgbImage> finish) {

  static PaintedPicture of(Inpainting request) {
    Integer padding = request.maskPadding();
    return padding == null ? whole(request) : part(request, padding);
  }

  private static PaintedPicture whole(Inpainting request) {
    RgbImage image = request.text().fitted(request.image());
    Mask mask = Mask.of(request.text().fitted(request.mask()));
    return new PaintedPicture(
        image,
        mask,
        UnaryOperator.identity(),
        request.pasteBack() ? made -> mask.pasteBack(image, made) : UnaryOperator.identity());
  }

  /** {@code padding_mask_crop} of diffusers. */
  private static PaintedPicture part(Inpainting request, int padding) {
    RgbImage image = request.image();
    Frame frame = new Frame(request.text().width(), request.text().height());
    MaskRegion region = MaskRegion.of(request.mask(), frame.width(), frame.height(), padding);
    return new PaintedPicture(
        frame.around(region.of(image)),
        Mask.of(frame.around(region.of(request.mask()))),
        control -> frame.around(region.of(ofSize(image, control))),
        made -> region.paste(image, request.mask(), made));
  }

  private static RgbImage ofSize(RgbImage image, RgbImage control) {
    if (control.width() != image.width() || control.height() != image.height()) {
      throw DiffusionException.badInput(
          "control: expected a picture of %d x %d, as the one that is cropped by a mask, got %d x %d"
              .formatted(image.width(), image.height(), control.width(), control.height()));
    }
    return control;
  }
}
