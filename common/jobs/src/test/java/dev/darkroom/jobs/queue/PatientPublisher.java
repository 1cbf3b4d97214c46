package dev.darkroom.jobs.queue;

import java.time.Duration;

/** A publisher for tests: the standard limits are for a dispatcher, which sends again. */
public final class PatientPublisher {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private PatientPublisher() {}

  public static Publisher open(String bootstrapServers) {
    return new Publisher(bootstrapServers, LIMIT, LIMIT);
  }
}
