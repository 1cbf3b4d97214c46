package dev.darkroom.diffusion.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Weights in ComfyUI's dialect: {@code (a)} times 1.1, {@code (a:1.3)} exactly 1.3 whatever is
 * around it; {@code \(} and {@code \)} are text, and so are square brackets.
 */
public final class ComfyEmphasis {
  private static final double STEP = 1.1;

  /**
   * What Python reads as a finite number; Java would take the 3D of {@code (render:3D)} for one.
   */
  private static final Pattern NUMBER =
      Pattern.compile("\\s*[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?\\s*");

  /** Brackets of a prompt are few; a text of nothing else must not end the stack. */
  private static final int MAX_DEPTH = 64;

  /** Stand for escaped brackets while the others are matched. */
  private static final char OPEN = '\ue000';

  private static final char CLOSE = '\ue001';

  private ComfyEmphasis() {}

  /** Pieces of words; none for an empty text. */
  public static List<Piece.Words> parse(String text) {
    List<Piece.Words> pieces = new ArrayList<>();
    String escaped = text.replace("\\)", "" + CLOSE).replace("\\(", "" + OPEN);
    weigh(escaped, 1, 0, pieces);
    return pieces;
  }

  private static void weigh(String text, double current, int depth, List<Piece.Words> pieces) {
    for (String part : topLevel(text)) {
      if (depth == MAX_DEPTH || part.length() < 2 || part.charAt(0) != '(' || !part.endsWith(")")) {
        pieces.add(new Piece.Words(part.replace(CLOSE, ')').replace(OPEN, '('), current));
        continue;
      }
      String inner = part.substring(1, part.length() - 1);
      double weight = current * STEP;
      int colon = inner.lastIndexOf(':');
      if (colon > 0 && NUMBER.matcher(inner.substring(colon + 1)).matches()) {
        weight = Double.parseDouble(inner.substring(colon + 1).strip());
        inner = inner.substring(0, colon);
      }
      weigh(inner, weight, depth + 1, pieces);
    }
  }

  /** Splits before and behind brackets of the outermost level. */
  private static List<String> topLevel(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    int depth = 0;
    for (char c : text.toCharArray()) {
      if (c == '(') {
        if (depth == 0 && !part.isEmpty()) {
          parts.add(part.toString());
          part.setLength(0);
        }
        depth++;
        part.append(c);
      } else if (c == ')') {
        depth--;
        part.append(c);
        if (depth == 0) {
          parts.add(part.toString());
          part.setLength(0);
        }
      } else {
        part.append(c);
      }
    }
    if (!part.isEmpty()) {
      parts.add(part.toString());
    }
    return parts;
  }
}
