package dev.darkroom.gateway.accept;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A caller's wish to wait for the result, from {@code Prefer: wait=n} (RFC 7240).
 *
 * @param seconds what was asked for, 1 to 60
 */
public record PreferWait(int seconds) {
  private static final Pattern PREFERENCE =
      Pattern.compile("(?:^|[,;])\\s*wait\\s*(?:=\\s*\"?(\\d{1,9})\"?)?\\s*(?:$|[,;])");
  private static final int LONGEST = 60;

  /** The wish in a header's value, if there is one. A bare {@code wait} asks for 60 seconds. */
  public static Optional<PreferWait> parse(@Nullable String header) {
    if (header == null) {
      return Optional.empty();
    }
    Matcher found = PREFERENCE.matcher(header);
    if (!found.find()) {
      return Optional.empty();
    }
    int asked = found.group(1) == null ? LONGEST : Integer.parseInt(found.group(1));
    return Optional.of(new PreferWait(Math.clamp(asked, 1, LONGEST)));
  }

  /**
   * How long to wait before answering: less than what was asked, so that the answer arrives in
   * time. Clients whose read timeout is the asked time exactly would otherwise hang up on the
   * answer.
   */
  public Duration patience() {
    long asked = seconds * 1000L;
    return Duration.ofMillis(asked - Math.clamp(asked / 10, 200, 5000));
  }

  /** The value of {@code Preference-Applied}. */
  public String applied() {
    return "wait=" + seconds;
  }
}
