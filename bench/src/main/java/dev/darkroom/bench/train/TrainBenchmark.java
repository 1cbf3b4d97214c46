package dev.darkroom.bench.train;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.peer.Programs;
import dev.darkroom.bench.peer.SideBySide;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Optimizer steps of ours over those of a plain PyTorch loop.
 *
 * <p>Arguments: steps (15), threads (the processors). {@code DARKROOM_PYTHON}, default {@code
 * python3}, needs diffusers; without it only ours is measured.
 */
public final class TrainBenchmark implements Benchmark {
  @Override
  public String name() {
    return "train";
  }

  @Override
  public String summary() {
    return "time and peak memory of a latent-diffusion training step over plain PyTorch (bars: 1.1 and 1.0)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    int steps = Benchmark.argument(arguments, 0, 15);
    int threads = Benchmark.argument(arguments, 1, Runtime.getRuntime().availableProcessors());
    Path folder = Files.createTempDirectory("darkroom-bench-train-");
    try {
      String config = Programs.resource(TrainBenchmark.class, "recipe.json", folder).toString();
      Path peer = Programs.resource(TrainBenchmark.class, "peer.py", folder);
      ObjectNode line = JsonNodeFactory.instance.objectNode();
      line.put("bench", name()).put("threads", threads);
      SideBySide.print(
          line,
          SideBySide.Turns.each(steps),
          Programs.java(
              OurTraining.class, List.of(config, Integer.toString(threads), folder.toString())),
          "pytorch",
          Programs.hasDiffusers()
              ? Programs.python(peer, List.of(config, Integer.toString(threads)))
              : null);
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
