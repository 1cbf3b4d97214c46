package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/**
 * A JSON object that came as a request body, read with bounded memory.
 *
 * @param tree the object
 * @param hash of the bytes as they came: two requests are the same where it is
 */
public record JsonBody(ObjectNode tree, Sha256 hash) {
  private static final int MAX_DEPTH = 64;

  private static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Reads a body.
   *
   * @param limit most bytes it may have
   * @throws DarkroomException {@link ErrorCode#TOO_LARGE}, or {@link ErrorCode#INVALID_INPUT} where
   *     it is no JSON object, is nested too deeply, or holds text that cannot be stored
   */
  public static JsonBody read(InputStream body, int limit) {
    byte[] bytes = bytes(body, limit);
    try {
      JsonNode tree = STRICT.readTree(bytes);
      if (!(tree instanceof ObjectNode object)) {
        throw invalid("body: expected a JSON object, got " + describe(tree));
      }
      checkText("body", object);
      return new JsonBody(object, Sha256.of(bytes));
    } catch (StreamConstraintsException e) {
      throw invalid(
          "body: expected JSON nested at most %d deep and numbers of at most 1000 digits, got more"
              .formatted(MAX_DEPTH));
    } catch (JsonProcessingException e) {
      throw invalid(
          "body: expected JSON, got a syntax error at line %d, column %d"
              .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr()));
    } catch (IOException e) {
      throw invalid("body: expected JSON, got bytes that cannot be read");
    }
  }

  /** A body that need not be JSON, as text; bounded as {@link #read}. */
  public static String text(InputStream body, int limit) {
    return new String(bytes(body, limit), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(InputStream body, int limit) {
    try {
      byte[] bytes = body.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw new DarkroomException(
            ErrorCode.TOO_LARGE,
            "body: expected at most %d bytes of JSON, got more; send large files to /v1/files"
                .formatted(limit));
      }
      return bytes;
    } catch (IOException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT, "body: expected the whole request, got only a part of it", e);
    }
  }

  /** Postgres stores neither U+0000 nor half a surrogate pair. */
  private static void checkText(String path, JsonNode node) {
    switch (node.getNodeType()) {
      case STRING -> checkText(path, node.textValue());
      case OBJECT -> {
        for (Map.Entry<String, JsonNode> member : node.properties()) {
          checkText(path, member.getKey());
          checkText(path + "." + member.getKey(), member.getValue());
        }
      }
      case ARRAY -> node.forEach(item -> checkText(path, item));
      case BINARY, BOOLEAN, MISSING, NULL, NUMBER, POJO -> {}
    }
  }

  private static void checkText(String path, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (c == 0 || (Character.isSurrogate(c) && !pair)) {
        throw invalid(
            "%s: expected Unicode text, got the character U+%04X, which no text may hold"
                .formatted(path.length() > 80 ? "body" : path, (int) c));
      }
      if (pair) {
        i++;
      }
    }
  }

  private static String describe(JsonNode tree) {
    return tree.isMissingNode() ? "nothing" : tree.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }
}
