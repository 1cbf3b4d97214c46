package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.controlnet.ControlScale;
import dev.darkroom.diffusion.image.RgbImage;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * A ControlNet at work.
 *
 * @param folder of the ControlNet, as diffusers saves it; or a single file, whose config is that of
 *     the model that it controls
 * @param picture what it reads, such as edges; resized to the result's size
 * @param scale how strongly it acts, and when
 */
public record Control(Path folder, RgbImage picture, ControlScale scale) {

  Control reading(UnaryOperator<RgbImage> changed) {
    return new Control(folder, changed.apply(picture), scale);
  }
}
