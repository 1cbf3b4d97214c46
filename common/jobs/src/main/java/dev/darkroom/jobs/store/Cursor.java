package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A place in a list, next to a row that need not exist any more: what was inserted or deleted since
 * neither repeats nor skips a row.
 *
 * @param backward whether the page lies before that row (newer) instead of after it
 */
public record Cursor(Instant createdAt, String id, boolean backward) {

  /** Its form in a URL. */
  public String text() {
    String plain = (backward ? "p" : "n") + " " + createdAt + " " + id;
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(plain.getBytes(StandardCharsets.UTF_8));
  }

  /** The cursor of a {@link #text()}. */
  public static Cursor parse(String text) {
    try {
      String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
      List<String> parts = List.of(plain.split(" ", -1));
      if (parts.size() == 3 && (parts.getFirst().equals("p") || parts.getFirst().equals("n"))) {
        return new Cursor(Instant.parse(parts.get(1)), parts.get(2), parts.getFirst().equals("p"));
      }
    } catch (IllegalArgumentException | DateTimeException e) {
      throw invalid(e);
    }
    throw invalid(null);
  }

  private static DarkroomException invalid(@Nullable RuntimeException cause) {
    return new DarkroomException(
        ErrorCode.INVALID_INPUT,
        "cursor: expected the one of a page's next or previous URL, got another text",
        cause);
  }
}
