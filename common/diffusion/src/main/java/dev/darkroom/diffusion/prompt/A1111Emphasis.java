package dev.darkroom.diffusion.prompt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Weights in A1111's dialect: {@code (a)} times 1.1, {@code [a]} divided by it, {@code (a:1.3)}
 * times 1.3, all of which multiply where they nest; a backslash makes a bracket text; {@code BREAK}
 * begins a new chunk. Brackets that do not match are closed at the end, or are text.
 */
public final class A1111Emphasis {
  private static final double STEP = 1.1;
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\\\[()\\[\\]\\\\]|\\\\|[(\\[]|:([+-]?[.\\d]+)\\)|[)\\]]|[^\\\\()\\[\\]:]+|:");
  private static final Pattern BREAK = Pattern.compile("\\s*\\bBREAK\\b\\s*");

  private final List<Entry> entries = new ArrayList<>();
  private final Deque<Integer> round = new ArrayDeque<>();
  private final Deque<Integer> square = new ArrayDeque<>();

  private A1111Emphasis() {}

  /** Never empty: an empty text is one piece without words. */
  public static List<Piece> parse(String text) {
    A1111Emphasis parser = new A1111Emphasis();
    Matcher tokens = TOKEN.matcher(text);
    while (tokens.find()) {
      parser.accept(tokens.group(), number(tokens.group(1)));
    }
    parser.round.forEach(from -> parser.multiply(from, STEP));
    parser.square.forEach(from -> parser.multiply(from, 1 / STEP));
    return parser.pieces();
  }

  private void accept(String token, double weight) {
    if (token.startsWith("\\")) {
      // Alone, a backslash is dropped, as A1111 does.
      entries.add(new Entry(token.substring(1)));
    } else if (token.equals("(")) {
      round.push(entries.size());
    } else if (token.equals("[")) {
      square.push(entries.size());
    } else if (!Double.isNaN(weight) && !round.isEmpty()) {
      multiply(round.pop(), weight);
    } else if (token.equals(")") && !round.isEmpty()) {
      multiply(round.pop(), STEP);
    } else if (token.equals("]") && !square.isEmpty()) {
      multiply(square.pop(), 1 / STEP);
    } else {
      String[] parts = BREAK.split(token, -1);
      for (int i = 0; i < parts.length; i++) {
        if (i > 0) {
          entries.add(new Entry(null));
        }
        entries.add(new Entry(parts[i]));
      }
    }
  }

  private void multiply(int from, double factor) {
    for (Entry entry : entries.subList(from, entries.size())) {
      entry.weight *= factor;
    }
  }

  /** Neighbours of one weight become one piece, so that words are tokenised together. */
  private List<Piece> pieces() {
    List<Piece> pieces = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.text == null) {
        pieces.add(new Piece.Break());
      } else if (!pieces.isEmpty()
          && pieces.getLast() instanceof Piece.Words(String before, double weight)
          && weight == entry.weight) {
        pieces.set(pieces.size() - 1, new Piece.Words(before + entry.text, weight));
      } else {
        pieces.add(new Piece.Words(entry.text, entry.weight));
      }
    }
    return pieces.isEmpty() ? List.of(new Piece.Words("", 1)) : pieces;
  }

  /** NaN where there is no number, or none that A1111 could read. */
  private static double number(@Nullable String text) {
    if (text == null) {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN; // "1.2.3": then it is text
    }
  }

  /** Words, or a break where there are none, while weights still change. */
  private static final class Entry {
    private final @Nullable String text;
    private double weight = 1;

    private Entry(@Nullable String text) {
      this.text = text;
    }
  }
}
