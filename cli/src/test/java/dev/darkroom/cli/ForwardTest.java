package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Against diffusers and transformers, on the cases that forward_cases.py wrote. */
class ForwardTest {
  private static final Path CASES = Path.of("src/test/resources/forward");

  @TestFactory
  Stream<DynamicTest> answersAsTheReferenceDoes(@TempDir Path folder) throws IOException {
    return Stream.of(CASES.toFile().listFiles())
        .map(java.io.File::getName)
        .sorted()
        .map(
            name ->
                DynamicTest.dynamicTest(name, () -> check(name, prepared(name, folder), folder)));
  }

  /** The models' cases lack the config and the weights, which are the tiny pipelines'. */
  private static Path prepared(String name, Path folder) throws IOException {
    Path prepared = folder.resolve("cases").resolve(name);
    Run.copy(CASES.resolve(name), prepared);
    Files.delete(prepared.resolve("expected.safetensors"));
    String component =
        name.startsWith("unet")
            ? "unet"
            : name.equals("vae")
                ? "vae"
                : name.equals("bert") || name.equals("clip") ? "text_encoder" : "";
    if (!component.isEmpty()) {
      Path pipeline = name.equals("clip") ? Run.TINY.resolveSibling("clip") : Run.TINY;
      Path from = pipeline.resolve(component);
      Files.copy(from.resolve("config.json"), prepared.resolve("config.json"));
      String weights = component.equals("text_encoder") ? "model" : "diffusion_pytorch_model";
      Files.copy(
          from.resolve(weights + ".safetensors"), prepared.resolve("some_weights.safetensors"));
    }
    return prepared;
  }

  private static void check(String name, Path prepared, Path folder) {
    Run run = Run.of("forward", prepared.toString(), "--out", folder.resolve("answers").toString());
    assertEquals(0, run.status(), run.out() + run.err());
    JsonNode line = run.lines().getFirst();
    assertEquals(name, line.get("case").textValue());
    try (SafetensorsFile expected =
            SafetensorsFile.open(CASES.resolve(name).resolve("expected.safetensors"));
        SafetensorsFile actual =
            SafetensorsFile.open(folder.resolve("answers").resolve(name + ".safetensors"));
        NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      assertEquals(
          expected.tensors().keySet().stream().sorted().toList(),
          actual.tensors().keySet().stream().sorted().toList());
      assertEquals(expected.tensors().size(), line.get("outputs").size());
      boolean sampler = expected.tensors().containsKey("timesteps");
      for (String key : expected.tensors().keySet()) {
        NDArray theirs = expected.read(key, manager);
        NDArray ours = actual.read(key, manager);
        assertEquals(theirs.getShape(), ours.getShape(), key);
        assertEquals(theirs.getDataType(), ours.getDataType(), key);
        float[] a = floats(theirs);
        float[] b = floats(ours);
        float largest = 0;
        for (float value : a) {
          largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < a.length; i++) {
          assertEquals(
              a[i],
              b[i],
              (sampler ? 1e-5f : 1e-4f) * Math.max(largest, 1e-3f),
              key + "[" + i + "]");
        }
      }
    }
  }

  private static float[] floats(NDArray array) {
    Number[] numbers = array.toArray();
    float[] values = new float[numbers.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers[i].floatValue();
    }
    return values;
  }

  @Test
  void aCaseThatFailsLeavesTheOthersRunning(@TempDir Path folder) throws IOException {
    Path good = prepared("ddim", folder);
    Path unknown = folder.resolve("unknown");
    Run.copy(good, unknown);
    Files.writeString(
        unknown.resolve("config.json"), "{\"_class_name\": \"FluxTransformer2DModel\"}");
    Path lacking = folder.resolve("lacking");
    Run.copy(good, lacking);
    Files.writeString(
        lacking.resolve("config.json"),
        "{\"_class_name\": \"DDIMScheduler\", \"beta_schedule\": \"quadratic\"}");
    Path empty = folder.resolve("empty");
    Run.copy(good, empty);
    byte[] header =
        """
        {"num_inference_steps": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},
        "sample": {"dtype": "F32", "shape": [0, 4], "data_offsets": [4, 4]}}"""
            .getBytes(StandardCharsets.UTF_8);
    Files.write(
        empty.resolve("inputs.safetensors"),
        ByteBuffer.allocate(8 + header.length + 4)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header)
            .putFloat(1)
            .array());
    Path surplus = folder.resolve("surplus");
    Run.copy(good, surplus);
    Files.writeString(surplus.resolve("config.json"), "{\"_class_name\": \"DDPMScheduler\"}");
    Path out = folder.resolve("out");
    Run run =
        Run.of(
            "forward",
            unknown.toString(),
            lacking.toString(),
            surplus.toString(),
            empty.toString(),
            good.toString(),
            "--out",
            out.toString());
    assertEquals(2, run.status());
    List<JsonNode> lines = run.lines();
    assertTrue(lines.get(0).get("error").textValue().contains("FluxTransformer2DModel"));
    assertTrue(lines.get(1).get("error").textValue().contains("beta_schedule"));
    assertTrue(lines.get(2).get("error").textValue().contains("noise"), lines.get(2).toString());
    assertTrue(lines.get(3).get("error").textValue().contains("got (0, 4)"));
    assertTrue(lines.get(4).has("outputs"), lines.get(4).toString());
    try (Stream<Path> files = Files.list(out)) {
      assertEquals(
          List.of("ddim.safetensors"), files.map(file -> file.getFileName().toString()).toList());
    }
  }
}
