package dev.darkroom.diffusion.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a text encoder: BERT's, CLIP's or T5's. Every prompt comes out at the same
 * length, cut or padded, as {@code tokenizer(prompt, padding="max_length", truncation=True)}.
 * Thread-safe.
 */
public final class PromptTokenizer implements AutoCloseable {
  /**
   * Longer texts cannot be prompts: a token is rarely over 100 characters, and no encoder takes
   * 4,096.
   */
  private static final int MAX_CHARACTERS = 1 << 20;

  private static final int MAX_LENGTH = 4096;

  private final Path folder;

  /** {@code tokenizer.json} without the tokens that were added. */
  private final byte[] base;

  private final HuggingFaceTokenizer tokenizer;

  /** Whether others use the tokenizer as long as the process lives. */
  private final boolean shared;

  private final int maxLength;
  private final long padId;
  private final OptionalLong commaId;

  /** The special tokens around every text: all but the last stand before it. */
  private final long[] frame;

  private PromptTokenizer(
      Path folder,
      byte[] base,
      HuggingFaceTokenizer tokenizer,
      boolean shared,
      int maxLength,
      long padId,
      OptionalLong commaId) {
    this.folder = folder;
    this.base = base;
    this.tokenizer = tokenizer;
    this.shared = shared;
    this.maxLength = maxLength;
    this.padId = padId;
    this.commaId = commaId;
    this.frame = tokenizer.encode("", true, false).getIds();
  }

  /** The tokenizer of a folder, at the length that its {@code model_max_length} says. */
  public static PromptTokenizer load(Path folder) {
    return of(folder, TokenizerFolder.read(folder));
  }

  /**
   * The same from what a folder would hold.
   *
   * @param place what errors call it
   * @param config {@code tokenizer_config.json}
   * @param specials {@code special_tokens_map.json}
   */
  public static PromptTokenizer of(
      Path place, ObjectNode config, ObjectNode specials, BytePairs pairs) {
    return of(place, TokenizerFolder.of(place, config, specials, pairs));
  }

  private static PromptTokenizer of(Path folder, TokenizerFolder files) {
    double length = files.config().path("model_max_length").asDouble(512);
    if (length > MAX_LENGTH) { // transformers writes 1e30 where nobody said
      throw DiffusionException.badCheckpoint(
          "%s: model_max_length is %s, expected at most %d; say the text encoder's length there"
              .formatted(folder, files.config().path("model_max_length"), MAX_LENGTH));
    }
    return of(folder, files, (int) length);
  }

  /**
   * The tokenizer of a folder, at a length of the caller's.
   *
   * @param maxLength special tokens included, 2 to 4096
   */
  public static PromptTokenizer load(Path folder, int maxLength) {
    return of(folder, TokenizerFolder.read(folder), maxLength);
  }

  /**
   * Another one like it, that knows more tokens: each is found in a text before anything else,
   * whatever its case, and is one id.
   */
  public PromptTokenizer withTokens(List<String> names) {
    try {
      ObjectNode json = (ObjectNode) TokenizerFolder.JSON.readTree(base);
      AddedTokens.append(json, names);
      return of(folder, base, bytes(json), maxLength, padId, commaId);
    } catch (IOException e) {
      throw DiffusionException.internal("what was written as JSON does not read as JSON", e);
    }
  }

  private static PromptTokenizer of(Path folder, TokenizerFolder files, int maxLength) {
    if (maxLength < 2 || maxLength > MAX_LENGTH) {
      throw DiffusionException.badInput(
          "tokenizer length: expected 2 to %d, got %d".formatted(MAX_LENGTH, maxLength));
    }
    TokenizerClass kind = TokenizerClass.of(files);
    ObjectNode json = kind.tokenizerJson(files);
    BytePairs pairs = files.pairs();
    long padId = idIn(folder, json, pairs, files.specialToken("pad_token", kind.padToken()));
    byte[] base = pairs == null ? bytes(json) : pairs.within(json);
    return of(folder, base, base, maxLength, padId, find(json, pairs, ",</w>"));
  }

  /**
   * @param base without the tokens that were added
   * @param bytes with them
   */
  private static PromptTokenizer of(
      Path folder, byte[] base, byte[] bytes, int maxLength, long padId, OptionalLong commaId) {
    try {
      HuggingFaceTokenizer tokenizer =
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(bytes), Map.of("truncation", "false", "padding", "false"));
      return new PromptTokenizer(folder, base, tokenizer, false, maxLength, padId, commaId);
    } catch (IOException | RuntimeException e) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a tokenizer of the tokenizers library, got one it refuses: %s"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private static byte[] bytes(ObjectNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static long idIn(Path folder, ObjectNode json, @Nullable BytePairs pairs, String token) {
    OptionalLong id = find(json, pairs, token);
    if (id.isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: expected the token %s in the vocabulary, found none".formatted(folder, token));
    }
    return id.getAsLong();
  }

  /** The id of a token, from the tokens added to the vocabulary, or from it. */
  private static OptionalLong find(ObjectNode json, @Nullable BytePairs pairs, String token) {
    for (JsonNode added : json.path("added_tokens")) {
      if (added.path("content").asText().equals(token)) {
        return OptionalLong.of(added.path("id").longValue());
      }
    }
    if (pairs != null) {
      int id = pairs.id(token);
      return id < 0 ? OptionalLong.empty() : OptionalLong.of(id);
    }
    JsonNode id = json.path("model").path("vocab").path(token);
    return id.isIntegralNumber() ? OptionalLong.of(id.longValue()) : OptionalLong.empty();
  }

  /**
   * The same with results of another length; closing either closes both.
   *
   * @param length special tokens included, 2 to 4096
   */
  public PromptTokenizer ofLength(int length) {
    return new PromptTokenizer(folder, base, tokenizer, shared, length, padId, commaId);
  }

  /** The same for any number of holders: closing it does nothing. This one must stay open. */
  public PromptTokenizer shared() {
    return new PromptTokenizer(folder, base, tokenizer, true, maxLength, padId, commaId);
  }

  /** The length of every result. */
  public int maxLength() {
    return maxLength;
  }

  /**
   * Ids of one prompt; what does not fit is cut off.
   *
   * @param prompt any text, the empty one too
   */
  public Tokens encode(String prompt) {
    long[] content = content(prompt);
    int length = Math.min(content.length, maxLength - frame.length);
    long[] ids = new long[maxLength];
    System.arraycopy(frame, 0, ids, 0, frame.length - 1);
    System.arraycopy(content, 0, ids, frame.length - 1, length);
    int end = frame.length - 1 + length;
    ids[end] = frame[frame.length - 1];
    Arrays.fill(ids, end + 1, maxLength, padId);
    long[] mask = new long[maxLength];
    Arrays.fill(mask, 0, end + 1, 1);
    return new Tokens(ids, mask);
  }

  /** Ids of a text of any length, without special tokens around it. */
  public long[] content(String text) {
    if (text.length() > MAX_CHARACTERS) {
      throw DiffusionException.badInput(
          "prompt: expected at most %d characters, got %d"
              .formatted(MAX_CHARACTERS, text.length()));
    }
    return tokenizer.encode(wellFormed(text), false, false).getIds();
  }

  /** The special tokens around every text: all but the last stand before it. */
  public long[] frame() {
    return frame.clone();
  }

  /** What fills the places behind a text's end. */
  public long padId() {
    return padId;
  }

  /** The id of a comma that ends a word, if the vocabulary has one: long prompts are cut there. */
  public OptionalLong commaId() {
    return commaId;
  }

  /**
   * Half a surrogate pair is no character: it becomes U+FFFD, rather than bytes that native code
   * refuses.
   */
  private static String wellFormed(String text) {
    return text.codePoints()
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  @Override
  public void close() {
    if (!shared) {
      tokenizer.close();
    }
  }
}
