package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;

/** How a request names a model version. */
public sealed interface ModelReference {
  /** Its newest version: {@code owner/name}. */
  record Latest(ModelName model) implements ModelReference {}

  /** That version of it: {@code owner/name:id}. */
  record Exact(ModelName model, Sha256 version) implements ModelReference {}

  /** That version, whatever model it belongs to: {@code id}. */
  record Bare(Sha256 version) implements ModelReference {}

  /**
   * Reads a reference.
   *
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} where it has none of the three forms
   */
  static ModelReference parse(String text) {
    if (Sha256.isValid(text)) {
      return new Bare(new Sha256(text));
    }
    int colon = text.indexOf(':');
    if (text.indexOf('/') < 0 || text.length() > 300) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "version: expected owner/name, owner/name:id or the 64 hexadecimal digits of an id, got \"%s\""
              .formatted(text.length() <= 100 ? text : text.substring(0, 100) + "…"));
    }
    if (colon < 0) {
      return new Latest(ModelName.parse(text));
    }
    return new Exact(
        ModelName.parse(text.substring(0, colon)), new Sha256(text.substring(colon + 1)));
  }
}
