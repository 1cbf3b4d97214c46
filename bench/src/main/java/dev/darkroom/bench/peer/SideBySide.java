package dev.darkroom.bench.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Percentile;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Steps of ours and of a peer's in turn, so that whatever else the machine does slows both. Both
 * processes live through the whole run; each has its own peak of memory.
 */
public final class SideBySide {
  private SideBySide() {}

  /**
   * How many steps of each.
   *
   * @param settling before those that count: where a step takes milliseconds, the JIT compilers are
   *     busy for the first hundreds
   * @param steps that count
   * @param length of a turn in steps: a step of milliseconds right after one of the other's finds
   *     the processor's caches full of that one's data, as in no denoising loop
   */
  public record Turns(int settling, int steps, int length) {
    /** Long steps, each in turn with one of the other's. */
    public static Turns each(int steps) {
      return new Turns(0, steps, 1);
    }
  }

  /**
   * Runs and prints one JSON line: medians, peaks, and what each is over the peer's.
   *
   * @param bench its first fields: the benchmark's name and its settings
   * @param peer command of the peer, or null to measure ours alone
   */
  public static void print(
      ObjectNode bench,
      Turns turns,
      List<String> ours,
      String peerName,
      @Nullable List<String> peer)
      throws IOException {
    try (Stepper our = new Stepper(ours)) {
      settle(our, turns.settling());
      if (peer == null) {
        Series alone = new Series(turns.steps());
        alone.take(our, 0, turns.steps());
        alone.describe(bench, "", our);
      } else {
        try (Stepper their = new Stepper(peer)) {
          settle(their, turns.settling());
          Series a = new Series(turns.steps());
          Series b = new Series(turns.steps());
          for (int i = 0; i < turns.steps(); i += turns.length()) {
            int end = Math.min(i + turns.length(), turns.steps());
            a.take(our, i, end);
            b.take(their, i, end);
          }
          double peak = a.describe(bench, "", our);
          double theirPeak = b.describe(bench, peerName + "_", their);
          bench.put("time_ratio", rounded(a.median() / b.median(), 100));
          bench.put("cpu_time_ratio", rounded(a.medianCpu() / b.medianCpu(), 100));
          bench.put("memory_ratio", rounded(peak / theirPeak, 100));
        }
      }
    }
    System.out.println(new ObjectMapper().writeValueAsString(bench));
  }

  private static void settle(Stepper process, int steps) throws IOException {
    for (int i = 0; i < steps; i++) {
      process.step();
    }
  }

  private static double rounded(double value, double scale) {
    return Math.round(value * scale) / scale;
  }

  private record Series(double[] seconds, double[] cpuSeconds) {
    Series(int steps) {
      this(new double[steps], new double[steps]);
    }

    /** The steps from {@code first} to before {@code end}. */
    void take(Stepper process, int first, int end) throws IOException {
      for (int i = first; i < end; i++) {
        JsonNode answer = process.step();
        seconds[i] = answer.path("seconds").doubleValue();
        cpuSeconds[i] = answer.path("cpu_seconds").doubleValue();
      }
    }

    double median() {
      return Percentile.of(seconds, 50);
    }

    double medianCpu() {
      return Percentile.of(cpuSeconds, 50);
    }

    /** Returns the peak in MB; asking for it ends the process. */
    double describe(ObjectNode line, String prefix, Stepper process) throws IOException {
      double peak = process.peakKilobytes() / 1024.0;
      line.put(prefix + "seconds", rounded(median(), 1000));
      line.put(prefix + "cpu_seconds", rounded(medianCpu(), 10000));
      line.put(prefix + "peak_mb", Math.round(peak));
      return peak;
    }
  }
}
