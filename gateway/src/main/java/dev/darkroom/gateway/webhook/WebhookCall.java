package dev.darkroom.gateway.webhook;

import java.io.IOException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** One attempt to deliver: a signed POST. */
final class WebhookCall {
  private static final MediaType JSON = MediaType.get("application/json");

  private final OkHttpClient http;
  private final Clock clock;

  WebhookCall(OkHttpClient http, Clock clock) {
    this.http = http;
    this.clock = clock;
  }

  /**
   * The receiver's answer.
   *
   * @param retryAfter how long it asks to wait before the next attempt
   */
  record Answer(int status, Optional<Duration> retryAfter) {
    boolean isSuccess() {
      return status >= 200 && status < 300;
    }

    boolean isGone() {
      return status == 410;
    }
  }

  /**
   * Posts the body with a fresh timestamp and signature. The answer's body is not read.
   *
   * @throws IOException where no answer came in time, or the address may not be reached
   * @throws IllegalArgumentException where the URL is none
   */
  Answer post(String url, String id, byte[] body, WebhookSecret secret) throws IOException {
    Instant now = clock.instant();
    Request request =
        new Request.Builder()
            .url(url)
            .header("User-Agent", "Darkroom-Webhooks/1")
            .header("webhook-id", id)
            .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
            .header("webhook-signature", secret.sign(id, now, body))
            .post(RequestBody.create(body, JSON))
            .build();
    try (Response response = http.newCall(request).execute()) {
      return new Answer(response.code(), retryAfter(response.header("Retry-After"), now));
    }
  }

  /** Seconds, or a date. */
  private static Optional<Duration> retryAfter(@Nullable String header, Instant now) {
    if (header == null) {
      return Optional.empty();
    }
    try {
      if (header.chars().allMatch(c -> c >= '0' && c <= '9') && header.length() < 10) {
        return Optional.of(Duration.ofSeconds(Long.parseLong(header)));
      }
      Instant then = ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return Optional.of(Duration.between(now, then)).filter(Duration::isPositive);
    } catch (DateTimeException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
