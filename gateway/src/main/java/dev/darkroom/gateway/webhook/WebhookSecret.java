package dev.darkroom.gateway.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key that webhooks are signed with, as Standard Webhooks writes it: {@code whsec_} and the
 * standard base64 of 24 to 64 bytes.
 */
public record WebhookSecret(String text) {
  private static final String PREFIX = "whsec_";

  public WebhookSecret {
    if (!text.startsWith(PREFIX)) {
      throw new IllegalArgumentException("webhook secret: expected it to start with " + PREFIX);
    }
    int length = Base64.getDecoder().decode(text.substring(PREFIX.length())).length;
    if (length < 24 || length > 64) {
      throw new IllegalArgumentException(
          "webhook secret: expected 24 to 64 bytes, got %d".formatted(length));
    }
  }

  /**
   * The value of {@code webhook-signature}: {@code v1,} and HMAC-SHA256 over {@code
   * id.seconds.body}.
   *
   * @param id the value of {@code webhook-id}; the same at each attempt
   * @param at the value of {@code webhook-timestamp}; fresh at each attempt
   */
  public String sign(String id, Instant at, byte[] body) {
    Mac mac = mac();
    mac.update((id + "." + at.getEpochSecond() + ".").getBytes(StandardCharsets.UTF_8));
    return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
  }

  /** A key for another purpose that who knows this one can make again. */
  public byte[] derive(String purpose) {
    return mac().doFinal(purpose.getBytes(StandardCharsets.UTF_8));
  }

  private Mac mac() {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = Base64.getDecoder().decode(text.substring(PREFIX.length()));
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  /** Not the secret: it must not reach a log. */
  @Override
  public String toString() {
    return PREFIX + "…";
  }
}
