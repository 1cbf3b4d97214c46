package dev.darkroom.bench.unet;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.peer.Programs;
import dev.darkroom.bench.peer.SideBySide;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Steps of our U-Net over those of diffusers'. Where {@code DARKROOM_PYTHON}, default {@code
 * python3}, has no diffusers, only ours is measured.
 *
 * @param config of the U-Net, a class path resource
 * @param defaults of the arguments
 */
public record UNetBenchmark(String name, String summary, String config, Defaults defaults)
    implements Benchmark {
  private static final String FLOAT32 = "float32";

  /**
   * What stands for arguments that are left out: rows, steps, threads (0: the processors), pixels
   * to a side of the picture. After them come our dtype and the peer's.
   *
   * @param settling steps before those that count; no argument
   * @param turn steps of ours before as many of the peer's; no argument
   */
  private record Defaults(int rows, int settling, int steps, int turn, int threads, int side) {}

  /** A model of a tenth of Stable Diffusion's size. */
  public static UNetBenchmark small() {
    return new UNetBenchmark(
        "unet",
        "time and peak memory of a U-Net step (101M parameters, 64x64x4) over diffusers eager (bar: 1.0 each)",
        "config.json",
        new Defaults(1, 0, 15, 1, 0, 512));
  }

  /** Stable Diffusion 1.5's shapes, the two rows of guidance. */
  public static UNetBenchmark stableDiffusion() {
    return new UNetBenchmark(
        "sd15",
        "the same of Stable Diffusion 1.5's shapes, for guidance at 256x256; arguments: rows steps threads side dtype peer's-dtype (bar: 0.85; int8 0.5)",
        "/dev/darkroom/diffusion/singlefile/sd1/unet/config.json",
        new Defaults(2, 0, 3, 1, 1, 256));
  }

  /** One that computes next to nothing: what is left is what is around the computing. */
  public static UNetBenchmark tiny() {
    return new UNetBenchmark(
        "overhead",
        "CPU time of a tiny U-Net's step on one thread, once the JIT is done, over diffusers eager (bar: 0.5)",
        "tiny.json",
        new Defaults(1, 600, 1000, 10, 1, 64));
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    int rows = Benchmark.argument(arguments, 0, defaults.rows());
    int steps = Benchmark.argument(arguments, 1, defaults.steps());
    int asked = Benchmark.argument(arguments, 2, defaults.threads());
    int threads = asked == 0 ? Runtime.getRuntime().availableProcessors() : asked;
    int side = Benchmark.argument(arguments, 3, defaults.side());
    String dtype = arguments.size() > 4 ? arguments.get(4) : FLOAT32;
    String peerDtype = arguments.size() > 5 ? arguments.get(5) : FLOAT32;
    Path folder = Files.createTempDirectory("darkroom-bench-unet-");
    Path file = Programs.resource(UNetBenchmark.class, config, folder);
    Path peer = Programs.resource(UNetBenchmark.class, "peer.py", folder);
    try {
      List<String> common =
          List.of(
              file.toString(),
              Integer.toString(rows),
              Integer.toString(threads),
              Integer.toString(side / 8));
      ObjectNode line = JsonNodeFactory.instance.objectNode();
      line.put("bench", name).put("rows", rows).put("threads", threads).put("side", side);
      line.put("dtype", dtype).put("diffusers_dtype", peerDtype);
      SideBySide.print(
          line,
          new SideBySide.Turns(defaults.settling(), steps, defaults.turn()),
          Programs.java(OurSteps.class, with(common, dtype)),
          "diffusers",
          Programs.hasDiffusers() ? Programs.python(peer, with(common, peerDtype)) : null);
    } finally {
      Files.delete(file);
      Files.delete(peer);
      Files.delete(folder);
    }
  }

  private static List<String> with(List<String> common, String dtype) {
    List<String> all = new ArrayList<>(common);
    all.add(dtype);
    return all;
  }
}
