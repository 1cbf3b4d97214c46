package dev.darkroom.diffusion.prompt;

import dev.darkroom.diffusion.prompt.EditedPrompt.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds editing and alternation among brackets of other meaning, by descent: a square bracket whose
 * inside has a bar at its own level is an alternation; one that ends in a colon and a number is an
 * edit; any other, and one that nothing closes, is text. A1111 itself gives up on the whole prompt
 * where a bar stands outside of an alternation; here such a bar is text, and the rest still holds.
 */
final class EditedPromptParser {
  private static final Pattern WHEN = Pattern.compile("\\s*([+-]?(?:\\d+\\.?\\d*|\\.\\d+))\\s*");

  /** Brackets of a prompt are few; a text of nothing else must not end the stack. */
  private static final int MAX_DEPTH = 64;

  private final String text;
  private final int[] close;

  EditedPromptParser(String text) {
    this.text = text;
    this.close = matches(text);
  }

  EditedPrompt parse() {
    return sequence(0, text.length(), 0);
  }

  private EditedPrompt sequence(int from, int to, int depth) {
    List<Node> nodes = new ArrayList<>();
    StringBuilder plain = new StringBuilder();
    int at = from;
    while (at < to) {
      char c = text.charAt(at);
      if (c == '\\' && at + 1 < to) {
        plain.append(text, at, at + 2);
        at += 2;
      } else if (c == '[' && close[at] > 0 && close[at] < to && depth < MAX_DEPTH) {
        List<Node> inner = bracket(at, close[at], depth + 1);
        for (Node node : inner) {
          if (node instanceof Node.Text(String words)) {
            plain.append(words);
          } else {
            flush(plain, nodes);
            nodes.add(node);
          }
        }
        at = close[at] + 1;
      } else {
        plain.append(c);
        at++;
      }
    }
    flush(plain, nodes);
    return new EditedPrompt(nodes);
  }

  /** What stands between brackets that match, them included. */
  private List<Node> bracket(int open, int end, int depth) {
    List<Integer> bars = separators('|', open + 1, end);
    if (!bars.isEmpty()) {
      List<EditedPrompt> choices = new ArrayList<>();
      int from = open + 1;
      for (int bar : bars) {
        choices.add(sequence(from, bar, depth));
        from = bar + 1;
      }
      choices.add(sequence(from, end, depth));
      return List.of(new Node.Alternate(choices));
    }
    List<Integer> colons = separators(':', open + 1, end);
    if (!colons.isEmpty() && colons.size() <= 2) {
      Matcher when = WHEN.matcher(text).region(colons.getLast() + 1, end);
      if (when.matches()) {
        int first = colons.getFirst();
        boolean two = colons.size() == 2;
        EditedPrompt before = two ? sequence(open + 1, first, depth) : new EditedPrompt(List.of());
        EditedPrompt after =
            two ? sequence(first + 1, colons.getLast(), depth) : sequence(open + 1, first, depth);
        String number = when.group(1);
        return List.of(
            new Node.Edit(before, after, Double.parseDouble(number), number.contains(".")));
      }
    }
    List<Node> nodes = new ArrayList<>();
    nodes.add(new Node.Text("["));
    nodes.addAll(sequence(open + 1, end, depth).nodes());
    nodes.add(new Node.Text("]"));
    return nodes;
  }

  /** Where {@code separator} stands at the level of the range itself. */
  private List<Integer> separators(char separator, int from, int to) {
    List<Integer> found = new ArrayList<>();
    int at = from;
    while (at < to) {
      char c = text.charAt(at);
      if (c == '\\') {
        at++;
      } else if ((c == '[' || c == '(') && close[at] > 0 && close[at] < to) {
        at = close[at];
      } else if (c == separator) {
        found.add(at);
      }
      at++;
    }
    return found;
  }

  /** The place of the bracket that closes each one, or 0. */
  private static int[] matches(String text) {
    int[] close = new int[text.length()];
    List<Integer> open = new ArrayList<>();
    for (int at = 0; at < text.length(); at++) {
      switch (text.charAt(at)) {
        case '\\' -> at++;
        case '(', '[' -> open.add(at);
        case ')', ']' -> {
          char wanted = text.charAt(at) == ')' ? '(' : '[';
          // Brackets that cross are text: the nearest of the kind is closed, those within stay
          // open.
          for (int i = open.size() - 1; i >= 0; i--) {
            if (text.charAt(open.get(i)) == wanted) {
              close[open.get(i)] = at;
              open.subList(i, open.size()).clear();
              break;
            }
          }
        }
        default -> {}
      }
    }
    return close;
  }

  private static void flush(StringBuilder plain, List<Node> nodes) {
    if (!plain.isEmpty()) {
      nodes.add(new Node.Text(plain.toString()));
      plain.setLength(0);
    }
  }
}
