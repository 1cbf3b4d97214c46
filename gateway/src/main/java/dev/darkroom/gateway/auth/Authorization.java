package dev.darkroom.gateway.auth;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The token in an {@code Authorization} header: {@code Bearer}, or the older {@code Token}. */
final class Authorization {
  private static final int MAX_TOKEN = 512;

  private Authorization() {}

  static Optional<String> token(@Nullable String header) {
    if (header == null) {
      return Optional.empty();
    }
    int space = header.indexOf(' ');
    if (space < 0) {
      return Optional.empty();
    }
    String scheme = header.substring(0, space);
    String token = header.substring(space + 1).strip();
    boolean known = scheme.equalsIgnoreCase("Bearer") || scheme.equalsIgnoreCase("Token");
    return known && !token.isEmpty() && token.length() <= MAX_TOKEN
        ? Optional.of(token)
        : Optional.empty();
  }
}
