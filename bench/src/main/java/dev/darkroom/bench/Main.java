package dev.darkroom.bench;

import dev.darkroom.bench.accept.AcceptBenchmark;
import dev.darkroom.bench.decode.DecodeBenchmark;
import dev.darkroom.bench.dispatch.DispatchBenchmark;
import dev.darkroom.bench.load.LoadBenchmark;
import dev.darkroom.bench.memory.MemoryBenchmark;
import dev.darkroom.bench.modes.ModesBenchmark;
import dev.darkroom.bench.platform.PlatformBenchmark;
import dev.darkroom.bench.train.TrainBenchmark;
import dev.darkroom.bench.unet.UNetBenchmark;
import dev.darkroom.bench.up.UpBenchmark;
import java.util.List;

/** The list of benchmarks, and the choice of one. */
public final class Main {
  private static final int BAD_INPUT = 2;

  private static final List<Benchmark> BENCHMARKS =
      List.of(
          new UpBenchmark(),
          new AcceptBenchmark(),
          new DispatchBenchmark(),
          new PlatformBenchmark(),
          new MemoryBenchmark(),
          UNetBenchmark.small(),
          UNetBenchmark.stableDiffusion(),
          UNetBenchmark.tiny(),
          new DecodeBenchmark(),
          new ModesBenchmark(),
          new LoadBenchmark(),
          new TrainBenchmark());

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    var given = List.of(arguments);
    if (given.isEmpty() || given.contains("--help") || given.contains("-h")) {
      System.out.println("Usage: ./darkroom bench NAME\n");
      BENCHMARKS.forEach(
          benchmark -> System.out.printf("  %-10s %s%n", benchmark.name(), benchmark.summary()));
      return;
    }
    for (Benchmark benchmark : BENCHMARKS) {
      if (benchmark.name().equals(given.getFirst())) {
        benchmark.run(given.subList(1, given.size()));
        return;
      }
    }
    System.err.printf(
        "expected one of %s, got %s%n",
        BENCHMARKS.stream().map(Benchmark::name).toList(), given.getFirst());
    System.exit(BAD_INPUT);
  }
}
