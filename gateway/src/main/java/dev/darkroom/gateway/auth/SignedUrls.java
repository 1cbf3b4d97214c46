package dev.darkroom.gateway.auth;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * URLs that are their own permission for a while: for outputs and streams, which clients fetch
 * without the token as often as with it. An object store would refuse the second kind.
 */
public final class SignedUrls {
  /** What the path of each begins with. JavaScript's client makes files of it. */
  public static final String PREFIX = "/v1/files/signed/";

  /**
   * Expiry falls on such a limit, so that an output keeps its URL for a while and can be cached.
   */
  private static final long GRAIN_SECONDS = 3600;

  private final Supplier<byte[]> key;
  private final Clock clock;
  private final Duration lifetime;

  /**
   * @param key at least 32 secret bytes, the same in every gateway
   * @param lifetime how long a URL is good at least
   */
  public SignedUrls(Supplier<byte[]> key, Clock clock, Duration lifetime) {
    this.key = key;
    this.clock = clock;
    this.lifetime = lifetime;
  }

  /** The path and query for what lies at {@code PREFIX + name}. */
  public String sign(String name) {
    long atLeast = clock.instant().plus(lifetime).getEpochSecond();
    long expires = (atLeast / GRAIN_SECONDS + 1) * GRAIN_SECONDS;
    return PREFIX + name + "?expires=" + expires + "&signature=" + signature(name, expires);
  }

  /**
   * Returns if a URL is one of ours and still good.
   *
   * @throws DarkroomException {@link ErrorCode#UNAUTHENTICATED} where it is not
   */
  public void check(String name, long expires, @Nullable String signature) {
    byte[] expected = signature(name, expires).getBytes(StandardCharsets.UTF_8);
    byte[] got = (signature == null ? "" : signature).getBytes(StandardCharsets.UTF_8);
    if (!MessageDigest.isEqual(expected, got)) {
      throw new DarkroomException(
          ErrorCode.UNAUTHENTICATED,
          "URL: expected one that the gateway signed, got another; take it from the prediction");
    }
    if (clock.instant().isAfter(Instant.ofEpochSecond(expires))) {
      throw new DarkroomException(
          ErrorCode.UNAUTHENTICATED,
          "URL: it was good until %s; get the prediction again for a new one"
              .formatted(Instant.ofEpochSecond(expires)));
    }
  }

  private String signature(String name, long expires) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.get(), "HmacSHA256"));
      byte[] hash = mac.doFinal((expires + "\n" + name).getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }
}
