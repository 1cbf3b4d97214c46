package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a job may take from its creation, from Replicate's header {@code Cancel-After}: {@code
 * 90}, {@code 90s}, {@code 5m}, {@code 1h30m45s}.
 */
final class CancelAfter {
  static final Duration SHORTEST = Duration.ofSeconds(5);
  static final Duration LONGEST = Duration.ofDays(30);

  /** Up to seven digits each, so that no sum overflows. */
  private static final Pattern FORM =
      Pattern.compile("(?=\\d)(?:(\\d{1,7})h)?(?:(\\d{1,7})m)?(?:(\\d{1,7})s?)?");

  private CancelAfter() {}

  /**
   * The time in a header's value, where there is one.
   *
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} where it is no time in those bounds
   */
  static Optional<Duration> parse(@Nullable String header) {
    if (header == null || header.isBlank()) {
      return Optional.empty();
    }
    Matcher parts = FORM.matcher(header.strip());
    if (!parts.matches()) {
      throw invalid("a time such as 90, 90s, 5m or 1h30m, got another text");
    }
    Duration time =
        Duration.ofHours(number(parts.group(1)))
            .plusMinutes(number(parts.group(2)))
            .plusSeconds(number(parts.group(3)));
    if (time.compareTo(SHORTEST) < 0 || time.compareTo(LONGEST) > 0) {
      throw invalid(
          "%d s to %d days, got %d s"
              .formatted(SHORTEST.toSeconds(), LONGEST.toDays(), time.toSeconds()));
    }
    return Optional.of(time);
  }

  private static long number(@Nullable String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }

  private static DarkroomException invalid(String expected) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, "Cancel-After: expected " + expected);
  }
}
