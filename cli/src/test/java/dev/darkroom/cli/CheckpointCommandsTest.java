package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointCommandsTest {
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  @TempDir private Path folder;

  @Test
  void inspectSaysWhatAModelIs() {
    Run run = Run.of("inspect", Run.TINY.toString());
    assertEquals(0, run.status(), run.err());
    JsonNode report = run.lines().getFirst();
    assertEquals("sd-bert", report.get("family").textValue());
    assertEquals("diffusers", report.get("layout").textValue());
    assertEquals("v_prediction", report.get("prediction_type").textValue());
    JsonNode unet = report.get("components").get("unet");
    assertEquals("UNet2DConditionModel", unet.get("class").textValue());
    assertEquals("float16", unet.get("dtype").textValue());
    assertTrue(unet.get("parameters").longValue() > 100_000);
    for (String list : new String[] {"missing", "unexpected", "non_finite"}) {
      assertEquals(0, report.get(list).size(), list);
    }
    assertEquals(64, report.get("sha256").textValue().length());
  }

  @Test
  void inspectNamesWhatIsMissingUnexpectedAndNotFinite() throws IOException {
    Path model = folder.resolve("model");
    Run.copy(Run.TINY, model);
    String last;
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      tensors.put("stranger", manager.zeros(new Shape(3)));
      tensors.putAll(read(model.resolve(UNET), manager));
      tensors.remove("conv_out.bias");
      SafetensorsWriter.write(model.resolve(UNET), tensors, TensorType.F16, Map.of());
      last = List.copyOf(tensors.keySet()).getLast();
    }
    // The last two bytes belong to the last tensor: a NaN of float16.
    byte[] bytes = Files.readAllBytes(model.resolve(UNET));
    bytes[bytes.length - 1] = 0x7e;
    Files.write(model.resolve(UNET), bytes);
    Run run = Run.of("inspect", model.toString());
    assertEquals(0, run.status(), run.err());
    JsonNode report = run.lines().getFirst();
    assertEquals("[\"unet.conv_out.bias\"]", report.get("missing").toString());
    assertEquals("[\"unet.stranger\"]", report.get("unexpected").toString());
    assertEquals("[\"unet.%s\"]".formatted(last), report.get("non_finite").toString());
  }

  @Test
  void convertToFloat32AndBackGivesTheSameTensors() throws IOException {
    Path wide = folder.resolve("wide");
    Path back = folder.resolve("back");
    assertEquals(
        0,
        Run.of("convert", Run.TINY.toString(), "--out", wide.toString(), "--dtype", "float32")
            .status());
    assertEquals(
        0,
        Run.of("convert", wide.toString(), "--out", back.toString(), "--dtype", "float16")
            .status());
    assertEquals(
        Files.size(Run.TINY.resolve("tokenizer/tokenizer.json")),
        Files.size(wide.resolve("tokenizer/tokenizer.json")));
    try (SafetensorsFile file = SafetensorsFile.open(wide.resolve(UNET))) {
      assertTrue(
          file.tensors().values().stream().allMatch(entry -> entry.type() == TensorType.F32));
    }
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Map<String, NDArray> before = read(Run.TINY.resolve(UNET), manager);
      Map<String, NDArray> after = read(back.resolve(UNET), manager);
      assertEquals(before.keySet(), after.keySet());
      before.forEach(
          (key, value) ->
              assertArrayEquals(value.toFloatArray(), after.get(key).toFloatArray(), key));
    }
  }

  @Test
  void inspectSaysWhatASingleFileIs() throws IOException {
    Run run = Run.of("inspect", single("sd2.ckpt"), "--config", single("configs/sd2"));
    assertEquals(0, run.status(), run.err());
    JsonNode report = run.lines().getFirst();
    assertEquals("sd2", report.get("family").textValue());
    assertEquals("compvis", report.get("layout").textValue());
    // It was saved at the step of the base model.
    assertEquals("epsilon", report.get("prediction_type").textValue());
    assertEquals("float16", report.get("components").get("vae").get("dtype").textValue());
    assertEquals(
        "CLIPTextModel", report.get("components").get("text_encoder").get("class").textValue());
    for (String list : new String[] {"missing", "unexpected", "non_finite"}) {
      assertEquals(0, report.get(list).size(), report.get(list).toString());
    }
    assertEquals(64, report.get("sha256").textValue().length());
    run =
        Run.of(
            "inspect",
            single("sd2.ckpt"),
            "--config",
            single("configs/sd2"),
            "--prediction-type",
            "v_prediction");
    assertEquals("v_prediction", run.lines().getFirst().get("prediction_type").textValue());
  }

  @Test
  void convertsASingleFileToAFolderAndBack() throws IOException {
    String model = folder.resolve("model").toString();
    String back = folder.resolve("back.safetensors").toString();
    String pruned = folder.resolve("pruned.safetensors").toString();
    String config = single("configs/sdxl");
    Run run = Run.of("convert", single("sdxl.safetensors"), "--config", config, "--out", model);
    assertEquals(0, run.status(), run.err());
    assertEquals("sdxl", Run.of("inspect", model).lines().getFirst().get("family").textValue());
    run = Run.of("convert", model, "--out", back);
    assertEquals(0, run.status(), run.err());
    run = Run.of("convert", single("sdxl.safetensors"), "--config", config, "--out", pruned);
    assertEquals(0, run.status(), run.err());
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Map<String, NDArray> before = read(Path.of(pruned), manager);
      Map<String, NDArray> after = read(Path.of(back), manager);
      assertEquals(before.keySet(), after.keySet());
      before.forEach((key, value) -> assertEquals(value, after.get(key), key));
    }
  }

  @Test
  void convertWritesNothingOfAFileThatIsNotWhole() throws IOException {
    Path out = folder.resolve("model");
    Run run = Run.of("convert", single("sdxl.safetensors"), "--out", out.toString());
    assertEquals(2, run.status());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("UNet2DConditionModel: expected every tensor"), run.err());
    try (var left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }

  private static String single(String name) {
    return Path.of("../common/diffusion/src/test/resources/checkpoints/singlefile")
        .resolve(name)
        .toString();
  }

  @Test
  void tokenizeGivesALineForALine() {
    Run run =
        Run.withInput(
            "\"a red apple\"\n\"\"\n\"\\u00e9t\\u00e9\"\n",
            "tokenize",
            "--tokenizer",
            Run.VOCABULARY.toString(),
            "--max-length",
            "6");
    assertEquals(0, run.status(), run.err());
    assertEquals(3, run.lines().size());
    assertEquals("{\"input_ids\":[2,3,0,0,0,0]}", run.out().lines().toList().get(1));
    assertEquals(6, run.lines().getFirst().get("input_ids").size());
  }

  private static Map<String, NDArray> read(Path file, NDManager manager) {
    Map<String, NDArray> tensors = new LinkedHashMap<>();
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      opened.tensors().keySet().forEach(key -> tensors.put(key, opened.read(key, manager)));
    }
    return tensors;
  }
}
