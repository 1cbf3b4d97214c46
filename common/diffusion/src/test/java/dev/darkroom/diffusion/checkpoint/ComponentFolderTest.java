package dev.darkroom.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComponentFolderTest {
  @TempDir Path folder;
  private final NDManager manager = TorchRuntime.newManager(Device.cpu());
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private AutoencoderConfig config;

  @BeforeEach
  void makeAModel() {
    config =
        AutoencoderConfig.of(
            ModelConfig.parse(
                "tiny",
                "{\"block_out_channels\": [8], \"norm_num_groups\": 4, \"latent_channels\": 2}"));
    AutoencoderKL model =
        new AutoencoderKL(config, new SeededParameters(manager, 1), Execution.TRAINING);
    parameters.putAll(model.parameters());
  }

  @AfterEach
  void free() {
    manager.close();
  }

  @Test
  void loadsWhatItSaved() {
    save();
    AutoencoderKL loaded = load();
    assertEquals(config, loaded.config());
    assertEquals(parameters.keySet(), loaded.parameters().keySet());
    parameters.forEach((key, value) -> assertEquals(value, loaded.parameters().get(key), key));
  }

  @Test
  void acceptsTheAttentionNamesOfOldFolders() {
    Map<String, NDArray> renamed = new LinkedHashMap<>();
    parameters.forEach(
        (key, value) ->
            renamed.put(
                key.replace("to_q", "query")
                    .replace("to_k", "key")
                    .replace("to_v", "value")
                    .replace("to_out.0", "proj_attn"),
                value));
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, renamed, TensorType.F32);
    assertEquals(parameters.keySet(), load().parameters().keySet());
  }

  @Test
  void namesTheKeyThatIsMissing() {
    parameters.remove("decoder.conv_out.bias");
    save();
    assertRefused("expected tensor decoder.conv_out.bias (3), as config.json asks for, got none");
  }

  @Test
  void namesTheKeyThatIsTooMuch() {
    parameters.put("encoder.extra.weight", manager.zeros(new Shape(1)));
    save();
    assertRefused("got 1 more, the first encoder.extra.weight");
  }

  @Test
  void namesTheTensorOfAnotherShape() {
    parameters.put("encoder.conv_in.bias", manager.zeros(new Shape(9)));
    save();
    assertRefused(
        "tensor encoder.conv_in.bias: expected floating (8), as config.json asks for, got F32 (9)");
  }

  @Test
  void countsTheOtherKeysThatAreMissing() {
    parameters.remove("encoder.conv_in.weight");
    parameters.remove("decoder.conv_out.bias");
    parameters.put("encoder.extra.weight", manager.zeros(new Shape(1)));
    save();
    assertRefused(
        "expected tensor encoder.conv_in.weight (8, 3, 3, 3), as config.json asks for, got none among its "
            + parameters.size()
            + " (and 1 more like it)");
  }

  @Test
  void refusesWeightsThatAreNotNumbers() throws IOException {
    save();
    Path file = folder.resolve(ComponentFolder.DIFFUSERS_WEIGHTS);
    byte[] bytes = Files.readAllBytes(file);
    // The last four bytes are the last value of the last tensor.
    bytes[bytes.length - 1] = 0x7f;
    bytes[bytes.length - 2] = (byte) 0xc0;
    Files.write(file, bytes);
    assertRefused("expected finite values, got a NaN or an infinity");
  }

  @Test
  void readsAVariantWhereItIsAskedForOrAlone() throws IOException {
    save();
    Path plain = folder.resolve(ComponentFolder.DIFFUSERS_WEIGHTS);
    Path half = folder.resolve("diffusion_pytorch_model.fp16.safetensors");
    SafetensorsWriter.write(half, parameters, TensorType.F16, Map.of());
    try (Checkpoint weights = Checkpoint.open(folder);
        Checkpoint variant = Checkpoint.open(folder, "fp16")) {
      assertEquals(TensorType.F32, weights.entry("encoder.conv_in.bias").type());
      assertEquals(TensorType.F16, variant.entry("encoder.conv_in.bias").type());
    }
    Files.delete(plain);
    assertEquals(parameters.keySet(), load().parameters().keySet());
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> Checkpoint.open(folder, "non_ema"));
    assertTrue(
        refused
            .getMessage()
            .endsWith(
                "expected weights of variant non_ema in diffusion_pytorch_model.non_ema.safetensors, got none"));
  }

  @Test
  void readsShardsByTheirIndex() throws IOException {
    shard("model-1", "model-2");
    assertEquals(parameters.keySet(), load().parameters().keySet());
  }

  @Test
  void refusesAnIndexThatPointsElsewhere() throws IOException {
    shard("../model-1", "model-2");
    assertRefused("expected names of files beside it, got ../model-1.safetensors");
  }

  @Test
  void refusesAFolderWithoutWeights() {
    ConfigJson.write(folder.resolve("config.json"), config.toJson());
    assertRefused(
        "expected weights in diffusion_pytorch_model.safetensors or model.safetensors, got neither");
  }

  @Test
  void keepsTheIndexOfAPipeline() {
    Map<String, ModelIndex.Component> components = new LinkedHashMap<>();
    components.put("vae", new ModelIndex.Component("diffusers", "AutoencoderKL"));
    components.put("text_encoder", new ModelIndex.Component("transformers", "BertModel"));
    ModelIndex index = new ModelIndex("StableDiffusionPipeline", components, Map.of());
    index.write(folder, "safety_checker", "feature_extractor");

    ModelIndex read = ModelIndex.read(folder);

    assertEquals(index, read);
    assertEquals(folder.resolve("vae"), read.folder(folder, "vae", "AutoencoderKL"));
    DiffusionException refused =
        assertThrows(
            DiffusionException.class, () -> read.folder(folder, "safety_checker", "Checker"));
    assertTrue(
        refused
            .getMessage()
            .endsWith("component safety_checker: expected class Checker, got none"));
  }

  private void shard(String first, String second) throws IOException {
    ConfigJson.write(folder.resolve("config.json"), config.toJson());
    Map<String, NDArray> one = new LinkedHashMap<>();
    Map<String, NDArray> two = new LinkedHashMap<>();
    var index = new com.fasterxml.jackson.databind.ObjectMapper().createObjectNode();
    var map = index.putObject("weight_map");
    parameters.forEach(
        (key, value) -> {
          boolean isFirst = key.startsWith("encoder");
          (isFirst ? one : two).put(key, value);
          map.put(key, (isFirst ? first : second) + ".safetensors");
        });
    SafetensorsWriter.write(folder.resolve("model-1.safetensors"), one, TensorType.F32, Map.of());
    SafetensorsWriter.write(folder.resolve("model-2.safetensors"), two, TensorType.F32, Map.of());
    Files.writeString(
        folder.resolve("diffusion_pytorch_model.safetensors.index.json"), index.toString());
  }

  private void save() {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.DIFFUSERS_WEIGHTS, parameters, TensorType.F32);
  }

  private AutoencoderKL load() {
    return AutoencoderKL.load(folder, manager, Execution.TRAINING);
  }

  private void assertRefused(String reason) {
    DiffusionException refused = assertThrows(DiffusionException.class, this::load);
    assertEquals(DiffusionException.Kind.BAD_CHECKPOINT, refused.kind());
    assertTrue(refused.getMessage().contains(reason), refused.getMessage());
  }
}
