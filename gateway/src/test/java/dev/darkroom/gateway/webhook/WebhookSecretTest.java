package dev.darkroom.gateway.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class WebhookSecretTest {

  /** The example of the Standard Webhooks specification and of its libraries' tests. */
  @Test
  void signatureIsThatOfTheSpecificationsExample() {
    WebhookSecret secret = new WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    String signature =
        secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Instant.ofEpochSecond(1614265330),
            "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8));
    assertEquals("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
  }

  @Test
  void secretOutsideOf24To64BytesIsRefused() {
    String tooShort = "whsec_" + Base64.getEncoder().encodeToString(new byte[23]);
    String tooLong = "whsec_" + Base64.getEncoder().encodeToString(new byte[65]);
    assertThrows(IllegalArgumentException.class, () -> new WebhookSecret(tooShort));
    assertThrows(IllegalArgumentException.class, () -> new WebhookSecret(tooLong));
  }

  @Test
  void secretDoesNotReachALogThroughItsText() {
    WebhookSecret secret = new WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assertFalse(("" + secret).contains(secret.text().substring(6)));
  }
}
