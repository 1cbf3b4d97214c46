package dev.darkroom.bench.unet;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.peer.Programs;
import dev.darkroom.bench.peer.SideBySide;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Steps of our U-Net over those of diffusers'.
 *
 * <p>Arguments: rows (1), steps (15), threads (the processors). Where {@code DARKROOM_PYTHON},
 * default {@code python3}, has no diffusers, only ours is measured.
 */
public final class UNetBenchmark implements Benchmark {
  @Override
  public String name() {
    return "unet";
  }

  @Override
  public String summary() {
    return "time and peak memory of a U-Net step (101M parameters, 64x64x4) over diffusers eager (bar: 1.0 each)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    int rows = Benchmark.argument(arguments, 0, 1);
    int steps = Benchmark.argument(arguments, 1, 15);
    int threads = Benchmark.argument(arguments, 2, Runtime.getRuntime().availableProcessors());
    Path folder = Files.createTempDirectory("darkroom-bench-unet-");
    Path config = Programs.resource(UNetBenchmark.class, "config.json", folder);
    Path peer = Programs.resource(UNetBenchmark.class, "peer.py", folder);
    try {
      List<String> common =
          List.of(config.toString(), Integer.toString(rows), Integer.toString(threads));
      ObjectNode line = JsonNodeFactory.instance.objectNode();
      line.put("bench", name()).put("rows", rows).put("threads", threads);
      SideBySide.print(
          line,
          steps,
          Programs.java(OurSteps.class, common),
          "diffusers",
          Programs.hasDiffusers() ? Programs.python(peer, common) : null);
    } finally {
      Files.delete(config);
      Files.delete(peer);
      Files.delete(folder);
    }
  }
}
