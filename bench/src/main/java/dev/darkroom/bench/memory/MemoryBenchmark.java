package dev.darkroom.bench.memory;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.system.RunningSystem;
import java.io.IOException;
import java.util.List;

/**
 * Runs jobs through the whole system and looks at the resident memory of each process on the way: a
 * leak shows as growth between the marks, which are as far apart as ten times the first.
 *
 * <p>Arguments: jobs (1000).
 */
public final class MemoryBenchmark implements Benchmark {
  /** Few, for it is the jobs that are counted. */
  private static final int STEPS = 2;

  /** Jobs posted before the first of them is waited for. */
  private static final int AT_ONCE = 50;

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public String summary() {
    return "resident MB of each process after a tenth of 1,000 jobs and after all (bars: gateway 250, launcher 500, no growth)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    int jobs = Benchmark.argument(arguments, 0, 1000);
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.put("bench", name()).put("jobs", jobs);
    try (RunningSystem system = RunningSystem.start("--no-warm-up")) {
      system.warmUp();
      run(system, jobs / 10);
      line.set("resident_mb_after_a_tenth", system.residentMegabytes());
      run(system, jobs - jobs / 10);
      line.set("resident_mb", system.residentMegabytes());
    }
    System.out.println(new ObjectMapper().writeValueAsString(line));
  }

  private static void run(RunningSystem system, int jobs) throws IOException, InterruptedException {
    for (int done = 0; done < jobs; done += AT_ONCE) {
      system.awaitAll(system.post(Math.min(AT_ONCE, jobs - done), STEPS));
    }
  }
}
