package dev.darkroom.gateway.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.ErrorKind;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.jspecify.annotations.Nullable;

/**
 * An error as RFC 9457 problem details.
 *
 * @param title what sort of error it is; the same words for every error of that sort
 * @param detail one sentence: what was expected, what came, what to do
 * @param status the status of the answer that carries it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"title", "detail", "status"})
public record Problem(@Nullable String title, String detail, int status) {
  /** The media type of problem details. */
  public static final String MEDIA_TYPE = "application/problem+json";

  /**
   * Seconds after which a caller should ask again; small, since some clients obey without a cap.
   */
  private static final int RETRY_AFTER_SECONDS = 2;

  /** The problem of an error of ours. Defects keep their message to the log. */
  public static Problem of(DarkroomException error) {
    ErrorCode code = error.code();
    String detail =
        code.kind() == ErrorKind.INTERNAL
            ? "The gateway failed on this request; its log says why."
            : String.valueOf(error.getMessage());
    return new Problem(title(code), detail, code.httpStatus());
  }

  /** The answer that carries it. */
  public Response response() {
    Response.ResponseBuilder answer = Response.status(status).type(MEDIA_TYPE).entity(this);
    if (status == 503) {
      answer.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    if (status == 429) {
      answer
          .header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS)
          .header("ratelimit-remaining", 0)
          .header("ratelimit-reset", RETRY_AFTER_SECONDS);
    }
    if (status == 401) {
      answer.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    }
    return answer.build();
  }

  private static String title(ErrorCode code) {
    return switch (code) {
      case INVALID_INPUT -> "Invalid input";
      case INVALID_DATASET -> "Invalid dataset";
      case UNAUTHENTICATED -> "Unauthenticated";
      case NOT_FOUND -> "Not found";
      case CONFLICT -> "Conflict";
      case TOO_LARGE -> "Too large";
      case RATE_LIMITED -> "Too many requests";
      case DATABASE_UNAVAILABLE, QUEUE_UNAVAILABLE, STORAGE_UNAVAILABLE ->
          "Temporarily unavailable";
      case OUT_OF_MEMORY, OUT_OF_DISK -> "Out of capacity";
      case CORRUPT_OBJECT, CORRUPT_CHECKPOINT, WORKER_CRASHED, INTERNAL -> "Internal error";
      case CANCELED -> "Canceled";
    };
  }
}
