package dev.darkroom.gateway.net;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * A URL that a caller wants to be called at, checked as far as can be without the network: what its
 * host resolves to is checked at each connection.
 */
public final class CallbackUrl {
  private static final int MAX_LENGTH = 2048;

  private CallbackUrl() {}

  /**
   * Returns {@code url} as it is.
   *
   * @param field the name of the field it came in, for the message
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} where it is no absolute HTTP URL,
   *     holds a password, or names an address that may not be reached
   */
  public static String check(String field, String url, PrivateAddresses permitted) {
    if (url.length() > MAX_LENGTH) {
      throw invalid(
          "%s: expected a URL of at most %d characters, got %d"
              .formatted(field, MAX_LENGTH, url.length()));
    }
    URI uri = parse(field, url);
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    String host = uri.getHost();
    if (host == null || !(scheme.equals("http") || scheme.equals("https"))) {
      throw invalid(
          "%s: expected an absolute http or https URL, got \"%s\"".formatted(field, shorten(url)));
    }
    if (uri.getRawUserInfo() != null) {
      throw invalid("%s: expected a URL without user and password; remove them".formatted(field));
    }
    if (isLiteral(host) && !permitted.permits(literal(field, host))) {
      throw invalid(
          "%s: expected a host with a public address, got \"%s\"".formatted(field, shorten(host)));
    }
    return url;
  }

  private static URI parse(String field, String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      throw invalid("%s: expected a URL, got \"%s\"".formatted(field, shorten(url)));
    }
  }

  private static boolean isLiteral(String host) {
    return host.startsWith("[")
        || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'))
        || host.equalsIgnoreCase("localhost");
  }

  private static InetAddress literal(String field, String host) {
    if (host.equalsIgnoreCase("localhost")) {
      return InetAddress.getLoopbackAddress();
    }
    try {
      return InetAddress.ofLiteral(
          host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
    } catch (IllegalArgumentException e) {
      throw invalid("%s: expected a host, got \"%s\"".formatted(field, shorten(host)));
    }
  }

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }

  private static String shorten(String text) {
    return text.length() <= 120 ? text : text.substring(0, 120) + "…";
  }
}
