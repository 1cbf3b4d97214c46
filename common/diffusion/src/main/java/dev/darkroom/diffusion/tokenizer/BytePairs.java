package dev.darkroom.diffusion.tokenizer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A published vocabulary of byte pairs: single tokens, then what each merge makes, then marks, with
 * ids in this order. Sennrich et al. 2016. It becomes the text of {@code tokenizer.json} in one
 * pass: as a tree its hundred thousand names would be most of what a load spends in Java.
 */
public final class BytePairs {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final byte[] merges;

  /** Where in them the first pair is, behind a line of another kind. */
  private final int firstMerge;

  /** The id of what the first pair makes. */
  private final int firstId;

  /** Single tokens and marks: those that configs name. */
  private final Map<String, Integer> named = new HashMap<>();

  private final Text vocabulary = new Text();
  private final Text pairs = new Text();
  private final int size;

  /**
   * @param single tokens that no merge makes
   * @param merges the text of {@code merges.txt} in UTF-8: a line of its own, then a pair a line
   * @param marks around texts
   */
  public BytePairs(List<String> single, byte[] merges, List<String> marks) {
    this.merges = merges;
    int id = 0;
    for (String token : single) {
      id = name(token, id);
    }
    firstId = id;
    firstMerge = nextLine(0);
    id = merge(id);
    for (String mark : marks) {
      id = name(mark, id);
    }
    size = id;
  }

  private int name(String token, int id) {
    named.put(token, id);
    vocabulary.quote();
    token.chars().forEach(vocabulary::letter);
    vocabulary.id(id);
    return id + 1;
  }

  /** Every pair to both lists; the vocabulary has it without its space. */
  private int merge(int first) {
    int id = first;
    int at = firstMerge;
    while (at < merges.length) {
      vocabulary.quote();
      pairs.quote();
      while (at < merges.length && merges[at] != '\n') {
        int letter = merges[at++] & 0xff;
        if (letter >= 0x80) {
          // The letters of bytes are of two bytes each at most.
          letter = (letter & 0x1f) << 6 | merges[at++] & 0x3f;
        }
        pairs.letter(letter);
        if (letter != ' ') {
          vocabulary.letter(letter);
        }
      }
      at++;
      vocabulary.id(id++);
      pairs.quote();
      pairs.put(',');
    }
    return id;
  }

  private int nextLine(int from) {
    int at = from;
    while (at < merges.length && merges[at++] != '\n') {}
    return at;
  }

  /** How many tokens there are. */
  int size() {
    return size;
  }

  /** The id of a token, or -1. */
  int id(String token) {
    Integer id = named.get(token);
    return id != null ? id : merged(token);
  }

  private int merged(String token) {
    String text =
        new String(merges, firstMerge, merges.length - firstMerge, StandardCharsets.UTF_8);
    int id = firstId;
    for (String line : text.split("\n")) {
      if (line.replace(" ", "").equals(token)) {
        return id;
      }
      id++;
    }
    return -1;
  }

  /**
   * {@code tokenizer.json} with these as its model's {@code vocab} and {@code merges}.
   *
   * @param json ends with the object {@code model}, which lacks them
   */
  byte[] within(ObjectNode json) {
    byte[] around = json.toString().getBytes(StandardCharsets.UTF_8);
    int inner = around.length - 2;
    if (around[inner] != '}' || around[inner + 1] != '}') {
      throw DiffusionException.internal("a tokenizer whose model is not last", null);
    }
    Text text = new Text();
    text.put(around, inner);
    text.put(",\"vocab\":{");
    text.put(vocabulary);
    text.put("},\"merges\":[");
    text.put(pairs);
    text.put("]}}");
    return Arrays.copyOf(text.bytes, text.length);
  }

  /**
   * JSON that grows, in ASCII: what is not is escaped, which every reader passes at its fastest.
   */
  private static final class Text {
    private byte[] bytes = new byte[1 << 20];
    private int length;

    void put(int letter) {
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * length);
      }
      bytes[length++] = (byte) letter;
    }

    void put(byte[] more, int count) {
      if (bytes.length - length < count) {
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + count));
      }
      System.arraycopy(more, 0, bytes, length, count);
      length += count;
    }

    void put(String ascii) {
      byte[] more = ascii.getBytes(StandardCharsets.US_ASCII);
      put(more, more.length);
    }

    /** A list without the comma behind its last. */
    void put(Text list) {
      put(list.bytes, Math.max(0, list.length - 1));
    }

    void quote() {
      put('"');
    }

    void letter(int letter) {
      if (letter == '"' || letter == '\\') {
        put('\\');
        put(letter);
      } else if (letter < 0x7f) {
        put(letter);
      } else {
        put('\\');
        put('u');
        for (int shift = 12; shift >= 0; shift -= 4) {
          put(HEX[letter >> shift & 0xf]);
        }
      }
    }

    /** Behind a name. */
    void id(int id) {
      put("\":");
      put(Integer.toString(id));
      put(',');
    }
  }
}
