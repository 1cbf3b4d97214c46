package dev.darkroom.bench.modes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.model.RandomModel;
import dev.darkroom.bench.peer.Answer;
import dev.darkroom.bench.peer.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One run from a prompt to a picture in each mode: time of a step, peak memory over diffusers', and
 * how far the picture is from float32's.
 *
 * <p>Arguments: the model (a diffusers folder, or sd15 for random weights of Stable Diffusion 1.5's
 * shapes; the starter model), steps (10), pixels to a side (128), threads (1).
 */
public final class ModesBenchmark implements Benchmark {

  /** A mode, as the options of {@code ./darkroom generate} name it. */
  private record Mode(String dtype, String memory) {}

  private static final List<Mode> MODES =
      List.of(
          new Mode("float32", ""),
          new Mode("float32", "vae-tiling"),
          new Mode("float32", "model-offload"),
          new Mode("bfloat16", ""),
          new Mode("bfloat16", "model-offload"),
          new Mode("int8", ""),
          new Mode("int8", "model-offload"));

  @Override
  public String name() {
    return "modes";
  }

  @Override
  public String summary() {
    return "a picture in each mode: step time, peak memory over diffusers', PSNR to float32; arguments: model|sd15 steps side threads (bars: 0.8, 35 dB)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    String model =
        arguments.isEmpty()
            ? Path.of(System.getProperty("darkroom.home", "."), "models/starter").toString()
            : arguments.getFirst();
    int steps = Benchmark.argument(arguments, 1, 10);
    int side = Benchmark.argument(arguments, 2, 128);
    int threads = Benchmark.argument(arguments, 3, 1);
    if (!model.equals("sd15")) {
      table(model, Path.of(model), steps, side, threads);
      return;
    }
    try (RandomModel random = RandomModel.write()) {
      table(model, random.folder(), steps, side, threads);
    }
  }

  private void table(String model, Path folder, int steps, int side, int threads)
      throws IOException, InterruptedException {
    List<String> common =
        List.of(
            folder.toString(),
            Integer.toString(steps),
            Integer.toString(side),
            Integer.toString(threads));
    ObjectNode head = JsonNodeFactory.instance.objectNode();
    head.put("bench", name()).put("model", model).put("steps", steps);
    head.put("side", side).put("threads", threads);
    Path scratch = Files.createTempDirectory("darkroom-bench-modes-");
    Path script = Programs.resource(ModesBenchmark.class, "peer.py", scratch);
    Path pixels = scratch.resolve("pixels");
    try {
      JsonNode peer = Programs.hasDiffusers() ? Answer.of(Programs.python(script, common)) : null;
      if (peer != null) {
        print(head.deepCopy().put("dtype", "diffusers float32"), peer);
      }
      byte[] exact = new byte[0];
      for (Mode mode : MODES) {
        List<String> ours =
            List.of(
                common.get(0),
                common.get(1),
                common.get(2),
                common.get(3),
                mode.dtype(),
                mode.memory(),
                pixels.toString());
        JsonNode answer = Answer.of(Programs.java(OurRun.class, ours));
        byte[] picture = Files.readAllBytes(pixels);
        if (exact.length == 0) {
          exact = picture;
        }
        ObjectNode line = head.deepCopy().put("dtype", mode.dtype()).put("memory", mode.memory());
        double decibels = decibels(exact, picture);
        if (Double.isFinite(decibels)) {
          line.put("psnr", Math.round(decibels * 10) / 10.0);
        }
        if (peer != null) {
          line.put("cpu_time_ratio", ratio(answer, peer, "cpu_seconds_per_step"));
          line.put("memory_ratio", ratio(answer, peer, "peak_mb"));
        }
        print(line, answer);
      }
    } finally {
      Files.deleteIfExists(pixels);
      Files.delete(script);
      Files.delete(scratch);
    }
  }

  private static void print(ObjectNode line, JsonNode answer) throws IOException {
    line.setAll((ObjectNode) answer);
    System.out.println(new ObjectMapper().writeValueAsString(line));
  }

  private static double ratio(JsonNode ours, JsonNode peer, String field) {
    return Math.round(ours.get(field).doubleValue() / peer.get(field).doubleValue() * 100) / 100.0;
  }

  /** The peak signal to noise, infinite for equal pictures. */
  private static double decibels(byte[] expected, byte[] actual) {
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += Math.pow((expected[i] & 0xff) - (actual[i] & 0xff), 2);
    }
    return 10 * Math.log10(255.0 * 255 * expected.length / squares);
  }
}
