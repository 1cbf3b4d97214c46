package dev.darkroom.jobs.run;

import dev.darkroom.jobs.store.Report;

/** The end of a job's log, followed by a progress bar in the form that clients look for. */
final class JobLog {
  private static final int BAR = 20;

  private final StringBuilder lines = new StringBuilder();
  private int step;
  private int steps;

  synchronized void line(String line) {
    lines.append(line.strip().replace('\0', '\uFFFD')).append('\n');
    if (lines.length() > 2 * Report.MAX_LOGS) {
      lines.delete(0, lines.length() - Report.MAX_LOGS);
    }
  }

  synchronized void progress(int step, int steps) {
    this.step = step;
    this.steps = steps;
  }

  synchronized int step() {
    return step;
  }

  synchronized int steps() {
    return steps;
  }

  /** Clients read progress by {@code ^\s*(\d+)%\s*\|.+?\|\s*(\d+)\/(\d+)}, as tqdm prints it. */
  synchronized String text() {
    if (steps == 0) {
      return lines.toString();
    }
    int done = (int) ((long) BAR * step / steps);
    return "%s%3d%%|%s%s| %d/%d\n"
        .formatted(
            lines, 100L * step / steps, "█".repeat(done), " ".repeat(BAR - done), step, steps);
  }
}
