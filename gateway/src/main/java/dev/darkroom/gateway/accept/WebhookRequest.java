package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.gateway.net.CallbackUrl;
import dev.darkroom.gateway.net.PrivateAddresses;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.store.Webhook;
import dev.darkroom.jobs.store.WebhookEvent;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Reads {@code webhook} and {@code webhook_events_filter} of a request. */
final class WebhookRequest {
  /** What Replicate sends where no filter is given. */
  private static final Set<WebhookEvent> UNFILTERED =
      EnumSet.of(WebhookEvent.OUTPUT, WebhookEvent.COMPLETED);

  private WebhookRequest() {}

  static Optional<Webhook> read(ObjectNode body, PrivateAddresses permitted) {
    JsonNode url = body.path("webhook");
    if (url.isMissingNode() || url.isNull() || url.asText().isEmpty()) {
      return Optional.empty();
    }
    if (!url.isTextual()) {
      throw invalid("webhook: expected a URL, got " + url.getNodeType());
    }
    return Optional.of(
        new Webhook(
            CallbackUrl.check("webhook", url.textValue(), permitted),
            events(body.path("webhook_events_filter"))));
  }

  private static Set<WebhookEvent> events(JsonNode filter) {
    if (filter.isMissingNode() || filter.isNull() || (filter.isArray() && filter.isEmpty())) {
      return UNFILTERED;
    }
    if (!filter.isArray() || filter.size() > 16) {
      throw invalid("webhook_events_filter: expected a list of start, output, logs, completed");
    }
    Set<WebhookEvent> events = EnumSet.noneOf(WebhookEvent.class);
    for (JsonNode name : filter) {
      events.add(
          Arrays.stream(WebhookEvent.values())
              .filter(event -> name.isTextual() && event.text().equals(name.textValue()))
              .findFirst()
              .orElseThrow(
                  () ->
                      invalid(
                          "webhook_events_filter: expected start, output, logs or completed, got another value")));
    }
    return events;
  }

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }
}
