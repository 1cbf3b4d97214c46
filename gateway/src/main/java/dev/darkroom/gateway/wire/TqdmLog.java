package dev.darkroom.gateway.wire;

import java.time.Duration;

/**
 * Progress as a line of tqdm, which is what Replicate's clients parse progress from: {@code
 * 76%|███▊ | 38/50 [00:33<00:10, 1.15it/s]}.
 */
public final class TqdmLog {
  private static final int WIDTH = 10;
  private static final String EIGHTHS = " ▏▎▍▌▋▊▉";

  private TqdmLog() {}

  /**
   * The line after some steps, without a line break.
   *
   * @param done steps done, from 0 to total
   * @param total all steps, at least 1
   * @param elapsed since the first step began
   */
  public static String line(int done, int total, Duration elapsed) {
    double share = (double) done / total;
    double seconds = Math.max(elapsed.toMillis(), 1) / 1000.0;
    double rate = done / seconds;
    String left = done == 0 ? "?" : clock(Math.round((total - done) / rate));
    String speed = done == 0 ? "?it/s" : "%.2fit/s".formatted(rate);
    return "%3d%%|%s| %d/%d [%s<%s, %s]"
        .formatted(
            (int) (share * 100), bar(share), done, total, clock((long) seconds), left, speed);
  }

  private static String bar(double share) {
    int eighths = (int) (share * WIDTH * 8);
    String full = "█".repeat(eighths / 8);
    String part = eighths % 8 == 0 ? "" : EIGHTHS.substring(eighths % 8, eighths % 8 + 1);
    return full + part + " ".repeat(WIDTH - full.length() - part.length());
  }

  private static String clock(long seconds) {
    return seconds < 3600
        ? "%02d:%02d".formatted(seconds / 60, seconds % 60)
        : "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
