package dev.darkroom.gateway;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.queue.EventPublisher;
import dev.darkroom.jobs.run.Executor;
import dev.darkroom.jobs.run.ExecutorConfig;
import dev.darkroom.jobs.run.JobContext;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.WorkerStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * The real pipeline of a worker around a painter that paints one pixel. A prompt says what befalls
 * the job: {@code fail}, {@code hold} (until it is canceled) or {@code slow} (some seconds).
 */
final class TestWorker implements AutoCloseable {
  static final byte[] PIXEL =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

  private static final int STEPS = 4;

  private final EventPublisher events;
  private final Executor<GenerationSpec> executor;

  TestWorker(String bootstrapServers, DataSource source, ObjectStore objects) {
    events = new EventPublisher(bootstrapServers);
    // What is published before that is dropped.
    events.ready().orTimeout(60, TimeUnit.SECONDS).join();
    executor =
        new Executor<>(
            new ExecutorConfig(
                bootstrapServers,
                JobKind.GENERATION,
                "default",
                "test-worker-" + JobId.next(),
                4,
                Duration.ofSeconds(5),
                Duration.ofMillis(100)),
            GenerationSpec.class,
            this::paint,
            new AttemptStore(source),
            new WorkerStore(source),
            objects,
            events,
            (job, stage) -> {});
  }

  private Result paint(JobContext<GenerationSpec> context) {
    String prompt = context.spec().prompt();
    if (prompt.startsWith("fail")) {
      throw new DarkroomException(ErrorCode.INVALID_INPUT, "The job failed as it was asked to.");
    }
    for (int step = 1; step <= STEPS; step++) {
      context.checkStop();
      // In every step, as progress is: a gateway may begin to listen after the first.
      context.log("Painting " + prompt);
      context.progress(step, STEPS);
      context.preview(0, step, "image/png", PIXEL);
      if (prompt.startsWith("slow")) {
        LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
      }
    }
    while (prompt.startsWith("hold")) {
      context.checkStop();
      // Shown again and again, as a worker does: a gateway that has just begun to listen missed the
      // first.
      context.preview(0, STEPS, "image/png", PIXEL);
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
    List<OutputFile> files = new ArrayList<>();
    for (int i = 0; i < context.spec().numOutputs(); i++) {
      files.add(context.saveOutput(i, "png", "image/png", PIXEL));
    }
    return new Result.Images(files);
  }

  @Override
  public void close() {
    executor.close();
    events.close();
  }
}
