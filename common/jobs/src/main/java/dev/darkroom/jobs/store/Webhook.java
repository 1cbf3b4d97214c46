package dev.darkroom.jobs.store;

import java.util.Set;

/** Where a job reports to, and what. */
public record Webhook(String url, Set<WebhookEvent> events) {
  public Webhook {
    events = Set.copyOf(events);
  }
}
