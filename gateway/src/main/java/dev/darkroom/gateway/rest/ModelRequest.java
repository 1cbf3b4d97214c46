package dev.darkroom.gateway.rest;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.store.Model;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** The body of a request for a new model. */
@Schema(name = "ModelRequest")
record ModelRequest(
    @Schema(required = true) @Nullable String owner,
    @Schema(required = true) @Nullable String name,
    @Schema(description = "public or private; default private") @Nullable String visibility,
    @Nullable String description) {
  private static final int MAX_DESCRIPTION = 2000;

  /** Itself, if it can become a model. */
  Checked checked() {
    if (owner == null || name == null) {
      throw invalid("model: expected owner and name, got not both");
    }
    if (description != null && description.length() > MAX_DESCRIPTION) {
      throw invalid(
          "description: expected at most %d characters, got %d"
              .formatted(MAX_DESCRIPTION, description.length()));
    }
    Model.Visibility stored =
        switch (visibility == null ? "private" : visibility) {
          case "private" -> Model.Visibility.PRIVATE;
          case "public" -> Model.Visibility.PUBLIC;
          default -> throw invalid("visibility: expected public or private, got another text");
        };
    return new Checked(owner, name, stored, description == null ? "" : description);
  }

  /** A request that can become a model. */
  record Checked(String owner, String name, Model.Visibility visibility, String description) {}

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }
}
