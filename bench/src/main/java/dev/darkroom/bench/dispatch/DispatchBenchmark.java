package dev.darkroom.bench.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.Percentile;
import dev.darkroom.bench.system.RunningSystem;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * One job after another through an idle system. Both moments are Postgres' own: the commit that
 * accepted the job, and the claim of the worker that starts it.
 */
public final class DispatchBenchmark implements Benchmark {
  private static final int WARM_UP = 20;
  private static final int JOBS = 200;
  private static final double P50_BAR_MS = 20;

  @Override
  public String name() {
    return "dispatch";
  }

  @Override
  public String summary() {
    return "milliseconds from the commit of a job to its start on an idle worker, p50 (bar: 20)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    try (RunningSystem system = RunningSystem.start("--trainers", "0")) {
      system.warmUp();
      for (int i = 0; i < WARM_UP; i++) {
        millisecondsToStart(system, i);
      }
      double[] milliseconds = new double[JOBS];
      for (int i = 0; i < JOBS; i++) {
        milliseconds[i] = millisecondsToStart(system, WARM_UP + i);
      }
      double p50 = Percentile.of(milliseconds, 50);
      System.out.printf(
          Locale.ROOT,
          """
          {"bench": "dispatch", "jobs": %d, "p50_ms": %.1f, "p50_bar_ratio": %.2f, "p95_ms": %.1f, "p99_ms": %.1f}
          """,
          JOBS,
          p50,
          p50 / P50_BAR_MS,
          Percentile.of(milliseconds, 95),
          Percentile.of(milliseconds, 99));
    }
  }

  private static double millisecondsToStart(RunningSystem system, int job)
      throws IOException, InterruptedException {
    JsonNode prediction =
        system.send(
            system
                .request("/v1/predictions")
                .header("Prefer", "wait")
                .POST(RunningSystem.starter("job " + job, 1))
                .build());
    Instant created = Instant.parse(prediction.path("created_at").asText());
    Instant started = Instant.parse(prediction.path("started_at").asText());
    return Duration.between(created, started).toNanos() / 1e6;
  }
}
