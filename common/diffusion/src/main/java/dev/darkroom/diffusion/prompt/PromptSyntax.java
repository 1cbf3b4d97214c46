package dev.darkroom.diffusion.prompt;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Locale;

/** How a prompt is read. */
public enum PromptSyntax {
  /** As diffusers does: every character is text, and what does not fit is cut off. */
  PLAIN,
  /** {@code (a:1.2) (a) [a] BREAK AND [a:b:0.5] [a|b]}, in any length. */
  A1111,
  /** {@code (a:1.2) (a) embedding:name}, in any length. */
  COMFY;

  /** By the name of the command line. */
  public static PromptSyntax parse(String name) {
    for (PromptSyntax each : values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(name)) {
        return each;
      }
    }
    throw DiffusionException.badInput("prompt syntax: expected plain, a1111 or comfy, got " + name);
  }
}
