package dev.darkroom.diffusion.image;

import java.util.Locale;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import org.jspecify.annotations.Nullable;

/** Hears what a decoder says when it fills missing or broken data with guesses. */
public final class DecoderWarnings implements IIOReadWarningListener {
  private @Nullable String damage;

  @Override
  public void warningOccurred(ImageReader source, String warning) {
    String text = warning.toLowerCase(Locale.ROOT);
    if (damage == null
        && (text.contains("premature end")
            || text.contains("truncated")
            || text.contains("corrupt"))) {
      damage = warning;
    }
  }

  /** What is wrong with the file in the decoder's words, or null. */
  public @Nullable String damage() {
    return damage;
  }
}
