package dev.darkroom.bench.decode;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.peer.Programs;
import dev.darkroom.bench.peer.SideBySide;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Decoding with Stable Diffusion 1.5's autoencoder over diffusers'. Arguments: pixels to a side
 * (512), those of our tiles and of the peer's (0: whole pictures), pictures (3), threads (1).
 */
public final class DecodeBenchmark implements Benchmark {
  @Override
  public String name() {
    return "decode";
  }

  @Override
  public String summary() {
    return "time and peak memory of decoding 512x512 over diffusers eager; arguments: side tile peer's-tile pictures threads (bar: 0.85, with tiles 0.7 of the memory)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    int side = Benchmark.argument(arguments, 0, 512);
    int tile = Benchmark.argument(arguments, 1, 0);
    int peerTile = Benchmark.argument(arguments, 2, 0);
    int pictures = Benchmark.argument(arguments, 3, 3);
    int threads = Benchmark.argument(arguments, 4, 1);
    Path folder = Files.createTempDirectory("darkroom-bench-decode-");
    Path config =
        Programs.resource(
            DecodeBenchmark.class,
            "/dev/darkroom/diffusion/singlefile/sd1/vae/config.json",
            folder);
    Path peer = Programs.resource(DecodeBenchmark.class, "peer.py", folder);
    try {
      ObjectNode line = JsonNodeFactory.instance.objectNode();
      line.put("bench", name()).put("side", side).put("tile", tile);
      line.put("diffusers_tile", peerTile).put("threads", threads);
      SideBySide.print(
          line,
          SideBySide.Turns.each(pictures),
          Programs.java(OurDecodes.class, arguments(weights(config, folder), side, tile, threads)),
          "diffusers",
          Programs.hasDiffusers()
              ? Programs.python(peer, arguments(config, side, peerTile, threads))
              : null);
    } finally {
      try (Stream<Path> inside = Files.walk(folder)) {
        for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  /** A component's folder with random weights: ours are read from a file, as a user's are. */
  private static Path weights(Path config, Path folder) throws IOException {
    Path vae = folder.resolve("vae");
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      new AutoencoderKL(
              AutoencoderConfig.of(ModelConfig.parse("vae", Files.readString(config))),
              new SeededParameters(manager, 1),
              Execution.TRAINING)
          .save(vae, TensorType.F32);
    }
    return vae;
  }

  private static List<String> arguments(Path model, int side, int tile, int threads) {
    return List.of(
        model.toString(),
        Integer.toString(side / 8),
        Integer.toString(tile),
        Integer.toString(threads));
  }
}
