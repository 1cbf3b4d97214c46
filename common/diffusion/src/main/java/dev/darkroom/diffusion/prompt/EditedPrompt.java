package dev.darkroom.diffusion.prompt;

import java.util.List;

/**
 * A prompt that may change while the picture is made: A1111's prompt editing {@code [a:b:when]} and
 * alternation {@code [a|b]}.
 */
public record EditedPrompt(List<Node> nodes) {

  /** What a prompt is made of. */
  public sealed interface Node {
    /** Text with brackets of other meaning and escapes as they stand. */
    record Text(String text) implements Node {}

    /**
     * One text up to a step, another after it.
     *
     * @param when a count of steps; a fraction of all where it is written with a point
     */
    record Edit(EditedPrompt before, EditedPrompt after, double when, boolean fraction)
        implements Node {}

    /** Another text at each step, around. */
    record Alternate(List<EditedPrompt> choices) implements Node {}
  }

  public EditedPrompt {
    nodes = List.copyOf(nodes);
  }

  /** A prompt that stays as it is. */
  public static EditedPrompt fixed(String text) {
    return new EditedPrompt(List.of(new Node.Text(text)));
  }

  /** Never fails: what is no editing is text. */
  public static EditedPrompt parse(String text) {
    return new EditedPromptParser(text).parse();
  }

  /**
   * @param step from 1
   * @param steps how many there are
   */
  public String at(int step, int steps) {
    StringBuilder text = new StringBuilder();
    for (Node node : nodes) {
      text.append(
          switch (node) {
            case Node.Text(String plain) -> plain;
            case Node.Edit(
                    EditedPrompt before,
                    EditedPrompt after,
                    double when,
                    boolean fraction) ->
                (step <= lastStep(when, fraction, steps) ? before : after).at(step, steps);
            case Node.Alternate(List<EditedPrompt> choices) ->
                choices.get((step - 1) % choices.size()).at(step, steps);
          });
    }
    return text.toString();
  }

  private static int lastStep(double when, boolean fraction, int steps) {
    return (int) Math.min(steps, fraction ? when * steps : when);
  }
}
