package dev.darkroom.worker.service;

import dev.darkroom.jobs.run.JobContext;
import dev.darkroom.worker.engine.RowListener;
import dev.darkroom.worker.model.ImageRow;
import dev.darkroom.worker.model.TensorThreads;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Tells what a job's rows have done. It listens on the engine's threads, so it tells no more often
 * than a person can see, and paints previews elsewhere, or not at all while there is other work.
 */
final class JobProgress {
  private static final long PROGRESS_NANOS = Duration.ofMillis(250).toNanos();
  private static final long PREVIEW_NANOS = Duration.ofSeconds(1).toNanos();

  private final JobContext<?> context;
  private final TensorThreads painters;
  private final PreviewFormat format;
  private final LongSupplier nanoTime;
  private final int steps;
  private final long[] previewed;
  private int done;
  private long told;

  /** How a row becomes a small picture. */
  interface PreviewFormat {
    byte[] jpeg(ImageRow row);
  }

  /**
   * @param rows images of the job
   * @param stepsOfARow model calls of each
   */
  JobProgress(
      JobContext<?> context,
      TensorThreads painters,
      PreviewFormat format,
      LongSupplier nanoTime,
      int rows,
      int stepsOfARow) {
    this.context = context;
    this.painters = painters;
    this.format = format;
    this.nanoTime = nanoTime;
    this.steps = rows * stepsOfARow;
    this.previewed = new long[rows];
    long now = nanoTime.getAsLong();
    java.util.Arrays.fill(previewed, now);
    this.told = now - PROGRESS_NANOS;
    context.progress(0, steps);
  }

  /** What to tell of image {@code index}. */
  RowListener<ImageRow> listener(int index) {
    return row -> stepped(index, row);
  }

  /** Synchronized, for the rows of a job may be in several forwards. */
  private synchronized void stepped(int index, ImageRow row) {
    done++;
    long now = nanoTime.getAsLong();
    if (now - told >= PROGRESS_NANOS || done == steps) {
      told = now;
      context.progress(done, steps);
    }
    if (now - previewed[index] >= PREVIEW_NANOS && !row.isDone() && painters.isFree()) {
      previewed[index] = now;
      painters.submit(
          () -> {
            context.preview(index, row.step(), "image/jpeg", format.jpeg(row));
            return row;
          });
    }
  }
}
