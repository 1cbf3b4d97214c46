package dev.darkroom.gateway.wiring;

import dev.darkroom.gateway.periodic.Periodic;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.store.Outbox;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The gauge {@code darkroom.jobs}: how many jobs of a pool are in each state that is not an end.
 * Read every few seconds, so that a scrape costs Postgres nothing; NaN while Postgres is away.
 */
final class QueueMetrics implements AutoCloseable {
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final List<JobState> STATES =
      List.of(JobState.QUEUED, JobState.DISPATCHED, JobState.RUNNING);

  private final Outbox outbox;
  private final String pool;
  private final Map<JobKind, Map<JobState, Double>> counts = new EnumMap<>(JobKind.class);
  private final Periodic timer;

  QueueMetrics(Outbox outbox, String pool, MeterRegistry metrics) {
    this.outbox = outbox;
    this.pool = pool;
    for (JobKind kind : JobKind.values()) {
      for (JobState state : STATES) {
        Gauge.builder("darkroom.jobs", () -> count(kind, state))
            .description("Jobs by state")
            .tags(Tags.of("kind", kind.text(), "pool", pool, "state", state.text()))
            .register(metrics);
      }
    }
    timer = new Periodic("metrics", EVERY, this::read);
  }

  private synchronized double count(JobKind kind, JobState state) {
    return counts.getOrDefault(kind, Map.of()).getOrDefault(state, Double.NaN);
  }

  private void read() {
    Map<JobKind, Map<JobState, Double>> now = new EnumMap<>(JobKind.class);
    try {
      for (JobKind kind : JobKind.values()) {
        Map<JobState, Long> depth = outbox.depth(kind, pool);
        Map<JobState, Double> of = new EnumMap<>(JobState.class);
        STATES.forEach(state -> of.put(state, (double) depth.getOrDefault(state, 0L)));
        now.put(kind, of);
      }
    } catch (DarkroomException e) {
      now.clear();
    }
    synchronized (this) {
      counts.clear();
      counts.putAll(now);
    }
  }

  @Override
  public void close() {
    timer.close();
  }
}
