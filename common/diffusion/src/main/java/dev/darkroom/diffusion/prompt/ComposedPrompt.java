package dev.darkroom.diffusion.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A prompt whose parts are predicted apart and their directions added (Liu et al. 2022), written
 * {@code a AND b :0.5} in A1111.
 *
 * @param parts at least one
 */
public record ComposedPrompt(List<Part> parts) {
  private static final Pattern AND = Pattern.compile("\\bAND\\b");
  private static final Pattern WEIGHT =
      Pattern.compile(
          "^(\\s*.*?)(?:\\s*:\\s*([-+]?(?:\\d+\\.?|\\d*\\.\\d+)))?\\s*$", Pattern.DOTALL);

  /**
   * @param weight of its direction away from the negative prompt
   */
  public record Part(EditedPrompt prompt, double weight) {}

  public ComposedPrompt {
    parts = List.copyOf(parts);
  }

  /** Whether it is an ordinary prompt: one part, of weight 1. */
  public boolean isSingle() {
    return parts.size() == 1 && parts.getFirst().weight() == 1;
  }

  public static ComposedPrompt parse(String text, PromptSyntax syntax) {
    return switch (syntax) {
      case PLAIN, COMFY -> new ComposedPrompt(List.of(new Part(EditedPrompt.fixed(text), 1)));
      case A1111 -> {
        List<Part> parts = new ArrayList<>();
        for (String part : AND.split(text, -1)) {
          Matcher match = WEIGHT.matcher(part);
          boolean weighted = match.matches() && match.group(2) != null;
          parts.add(
              new Part(
                  EditedPrompt.parse(weighted ? match.group(1) : part),
                  weighted ? Double.parseDouble(match.group(2)) : 1));
        }
        yield new ComposedPrompt(parts);
      }
    };
  }
}
