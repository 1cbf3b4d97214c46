package dev.darkroom.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Our side of a {@link Stepper}'s talk, in a process of its own. */
public final class Steps {
  private Steps() {}

  /**
   * Says {@code {}} after a first step; runs one for each line of the input and answers with its
   * seconds and CPU seconds; at the end of the input it tells the peak resident memory.
   */
  public static void answer(Runnable step) throws IOException {
    step.run();
    System.out.println("{}");
    try (BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      while (input.readLine() != null) {
        long began = System.nanoTime();
        double cpu = Usage.cpuSeconds();
        step.run();
        System.out.printf(
            Locale.ROOT,
            "{\"seconds\": %.6f, \"cpu_seconds\": %.6f}%n",
            (System.nanoTime() - began) / 1e9,
            Usage.cpuSeconds() - cpu);
      }
    }
    System.out.printf("{\"peak_kilobytes\": %d}%n", Usage.peakKilobytes());
  }
}
