package dev.darkroom.bench.accept;

import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.Percentile;
import dev.darkroom.bench.system.RunningSystem;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients post predictions as fast as they are answered. Every answer is a 201 for a job that is
 * committed in Postgres with fsync on; client, gateway and database share the machine. No worker
 * runs, so that accepting alone is measured. What a gateway that has just come up accepts is told
 * beside it.
 */
public final class AcceptBenchmark implements Benchmark {
  /** Enough to keep two cores busy; more only wait longer for each other. */
  private static final int CLIENTS = 24;

  /** Until then the JIT of gateway and client has half of the machine. */
  private static final int WARM_UP = 20_000;

  private static final int JOBS = 15_000;
  private static final double RATE_BAR = 1_000;
  private static final double P99_BAR_MS = 100;

  @Override
  public String name() {
    return "accept";
  }

  @Override
  public String summary() {
    return "durable jobs accepted a second with the client beside it (bar: 1000), and p99 in ms (bar: 100); argument: clients";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    int clients = Benchmark.argument(arguments, 0, CLIENTS);
    try (RunningSystem system =
        RunningSystem.start("--workers", "0", "--trainers", "0", "--no-warm-up")) {
      awaitModel(system);
      long start = System.nanoTime();
      load(system, clients, WARM_UP);
      long warm = System.nanoTime();
      double[] milliseconds = load(system, clients, JOBS);
      double rate = perSecond(JOBS, System.nanoTime() - warm);
      double p99 = Percentile.of(milliseconds, 99);
      System.out.printf(
          Locale.ROOT,
          """
          {"bench": "accept", "clients": %d, "jobs": %d, "accepted_per_second": %.0f, "rate_bar_ratio": %.2f, \
          "warm_up_jobs": %d, "warm_up_accepted_per_second": %.0f, "p50_ms": %.1f, "p99_ms": %.1f, "p99_bar_ratio": %.2f}
          """,
          clients,
          JOBS,
          rate,
          rate / RATE_BAR,
          WARM_UP,
          perSecond(WARM_UP, warm - start),
          Percentile.of(milliseconds, 50),
          p99,
          p99 / P99_BAR_MS);
    }
  }

  private static double perSecond(int jobs, long nanoseconds) {
    return jobs * 1e9 / nanoseconds;
  }

  private static void awaitModel(RunningSystem system) throws IOException, InterruptedException {
    for (int tries = 0; ; tries++) {
      try {
        system.send(system.request("/v1/models/darkroom/starter").build());
        return;
      } catch (IllegalStateException notYet) {
        if (tries == 600) {
          throw notYet;
        }
        Thread.sleep(100);
      }
    }
  }

  /**
   * Posts {@code jobs} predictions, no two alike, as fast as answered; gives the milliseconds that
   * each took.
   */
  private static double[] load(RunningSystem system, int clients, int jobs)
      throws InterruptedException {
    double[] milliseconds = new double[jobs];
    AtomicInteger next = new AtomicInteger();
    ConcurrentLinkedQueue<Exception> failures = new ConcurrentLinkedQueue<>();
    CountDownLatch done = new CountDownLatch(clients);
    String run = Long.toString(System.nanoTime(), 36);
    for (int client = 0; client < clients; client++) {
      Thread.startVirtualThread(
          () -> {
            try {
              for (int job; (job = next.getAndIncrement()) < jobs; ) {
                long began = System.nanoTime();
                system.send(
                    system
                        .request("/v1/predictions")
                        .POST(RunningSystem.starter("job " + job + " of run " + run, 25))
                        .build());
                milliseconds[job] = (System.nanoTime() - began) / 1e6;
              }
            } catch (IOException | InterruptedException | IllegalStateException e) {
              failures.add(e);
            } finally {
              done.countDown();
            }
          });
    }
    done.await();
    if (!failures.isEmpty()) {
      throw new IllegalStateException(failures.size() + " clients failed", failures.peek());
    }
    return milliseconds;
  }
}
