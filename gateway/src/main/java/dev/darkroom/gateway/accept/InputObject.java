package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.util.Locale;

/** The member {@code input} of a request. */
final class InputObject {
  private InputObject() {}

  /**
   * The inputs as they came.
   *
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} where they are no object, or are a
   *     client's own settings: npm {@code replicate} 1.4 with {@code fileEncodingStrategy:
   *     "data-uri"} sends those, its token among them, which must be neither stored nor repeated
   */
  static ObjectNode of(ObjectNode body) {
    JsonNode input = body.path("input");
    if (!(input instanceof ObjectNode object)) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "input: expected an object, got %s"
              .formatted(
                  input.isMissingNode()
                      ? "none"
                      : input.getNodeType().name().toLowerCase(Locale.ROOT)));
    }
    if (object.has("auth") && object.has("baseUrl")) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "input: expected the model's inputs, got the settings of the JavaScript client, which its"
              + " fileEncodingStrategy \"data-uri\" sends by mistake; use the strategy \"upload\"");
    }
    return object;
  }
}
