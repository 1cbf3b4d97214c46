package dev.darkroom.local.supervisor;

import java.time.Duration;

/**
 * How long a process that died waits before it is started again: doubling from half a second to
 * half a minute.
 *
 * @param next the wait before the next start
 */
record Backoff(Duration next) {
  static final Backoff FIRST = new Backoff(Duration.ofMillis(500));
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** A process that lived this long was healthy: what killed it now is a new story. */
  private static final Duration HEALTHY_LIFE = Duration.ofSeconds(60);

  /** The wait to use when the process died after {@code lived}. */
  Backoff after(Duration lived) {
    return lived.compareTo(HEALTHY_LIFE) >= 0 ? FIRST : this;
  }

  Backoff doubled() {
    Duration twice = next.multipliedBy(2);
    return new Backoff(twice.compareTo(LONGEST) < 0 ? twice : LONGEST);
  }
}
