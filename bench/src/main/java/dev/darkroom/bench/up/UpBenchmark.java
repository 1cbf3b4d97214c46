package dev.darkroom.bench.up;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.system.ResidentMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Starts the system as a person does, three times on the same data, and takes the later two.
 *
 * <p>The gateway is healthy when {@code run.json} is there; the first image is there when its file
 * is.
 */
public final class UpBenchmark implements Benchmark {
  private static final int KEPT_STARTS = 2;
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final double HEALTHY_BAR = 6;
  private static final double FIRST_IMAGE_BAR = 4;

  /**
   * One start: seconds from the command to each moment, and the resident memory at the end, in MB.
   */
  private record Start(double healthy, double firstImage, double stop, ObjectNode memory) {}

  @Override
  public String name() {
    return "up";
  }

  @Override
  public String summary() {
    return "seconds from the command to a healthy gateway on kept data (bar: 6) and from there to the first image (bar: 4)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    Path data = Files.createTempDirectory("darkroom-bench-up-");
    try {
      print("fresh", start(data));
      for (int i = 0; i < KEPT_STARTS; i++) {
        print("kept", start(data));
      }
    } finally {
      try (var files = Files.walk(data)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static Start start(Path data) throws IOException, InterruptedException {
    Path image = data.resolve("first-image.png");
    Files.deleteIfExists(image);
    long began = System.nanoTime();
    Process launcher =
        new ProcessBuilder(
                Path.of(System.getProperty("darkroom.home"), "darkroom").toString(),
                "up",
                "--data",
                data.toString(),
                "--port",
                "0")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      double healthy = secondsUntil(data.resolve("run.json"), launcher, began);
      double firstImage = secondsUntil(image, launcher, began);
      ObjectNode memory =
          ResidentMemory.megabytes(
              new ObjectMapper().readTree(data.resolve("run.json").toFile()).path("pids"));
      long asked = System.nanoTime();
      launcher.destroy();
      launcher.waitFor();
      return new Start(healthy, firstImage - healthy, seconds(asked), memory);
    } finally {
      launcher.destroy();
    }
  }

  private static double secondsUntil(Path file, Process launcher, long began)
      throws InterruptedException {
    while (Files.notExists(file)) {
      if (!launcher.isAlive() || seconds(began) > LIMIT.toSeconds()) {
        throw new IllegalStateException(
            "expected %s, it did not come within %s".formatted(file, LIMIT));
      }
      launcher.waitFor(5, TimeUnit.MILLISECONDS);
    }
    return seconds(began);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static void print(String data, Start start) {
    System.out.println(
        String.format(
            Locale.ROOT,
            """
            {"bench": "up", "data": "%s", "healthy_seconds": %.2f, "healthy_bar_ratio": %.2f, "first_image_seconds": %.2f, \
            "first_image_bar_ratio": %.2f, "stop_seconds": %.2f, "resident_mb": %s}""",
            data,
            start.healthy,
            start.healthy / HEALTHY_BAR,
            start.firstImage,
            start.firstImage / FIRST_IMAGE_BAR,
            start.stop,
            start.memory));
  }
}
