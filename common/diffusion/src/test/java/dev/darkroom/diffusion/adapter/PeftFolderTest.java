package dev.darkroom.diffusion.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.LowRank;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders in which PEFT saved an adapter with its config. */
class PeftFolderTest {
  @TempDir private Path folder;

  /** PEFT's own folder: alpha is in its config, with exceptions by name. */
  @Test
  void aPeftFolderBringsItsScales() throws IOException {
    try (Golden golden = Golden.of("lora")) {
      String block = "base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.";
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      for (String layer : List.of("attn1.to_q", "attn1.to_v")) {
        tensors.put(block + layer + ".lora_A.weight", golden.manager().ones(new Shape(4, 16)));
        tensors.put(block + layer + ".lora_B.weight", golden.manager().ones(new Shape(16, 4)));
      }
      SafetensorsWriter.write(weights(), tensors, TensorType.F32, Map.of());
      Files.writeString(
          config(),
          """
          {"lora_alpha": 6, "use_rslora": true, "alpha_pattern": {"attn1.to_v": 8}}
          """);
      UNet2DConditionModel unet = unet(golden);
      Map<String, LowRank> changes = read(golden, unet).of(LoraBase.of(unet));
      String layer = block.replace("base_model.model.", "") + "attn1.";
      assertEquals(3, changes.get(layer + "to_q").scale());
      assertEquals(4, changes.get(layer + "to_v").scale());

      Files.writeString(config(), "{\"use_dora\": true}");
      assertRefused(
          () -> read(golden, unet),
          weights()
              + ": tensor "
              + block
              + "attn1.to_q.lora_A.weight: expected the magnitude of its layer beside it, for PEFT's config says use_dora, got none");
    }
  }

  /** LoHa and LoKr keep alpha there too; of two whole factors only the config knows a rank. */
  @Test
  void aPeftFolderOfLohaAndLokrBringsItsScales() throws IOException {
    try (Golden golden = Golden.of("lora")) {
      String block = "base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.";
      String layer = block.replace("base_model.model.", "");
      NDArray two = golden.manager().ones(new Shape(16, 2));
      NDArray flat = golden.manager().ones(new Shape(2, 16));
      Map<String, NDArray> loha = new LinkedHashMap<>();
      for (String name : List.of("to_q", "to_v")) {
        for (String factor : List.of("hada_w1_a", "hada_w2_a")) {
          loha.put(block + name + "." + factor, two);
          loha.put(block + name + "." + factor.replace("_a", "_b"), flat);
        }
      }
      SafetensorsWriter.write(weights(), loha, TensorType.F32, Map.of());
      Files.writeString(
          config(),
          """
          {"peft_type": "LOHA", "r": 2, "alpha": 6, "alpha_pattern": {"to_v": 8}}
          """);
      UNet2DConditionModel unet = unet(golden);
      Map<String, LowRank> changes = read(golden, unet).of(LoraBase.of(unet));
      assertEquals(3, changes.get(layer + "to_q").scale());
      assertEquals(4, changes.get(layer + "to_v").scale());

      NDArray whole = golden.manager().ones(new Shape(4, 4));
      Map<String, NDArray> lokr = new LinkedHashMap<>();
      for (String name : List.of("to_q", "to_v")) {
        lokr.put(block + name + ".lokr_w1", whole);
        lokr.put(block + name + ".lokr_w2", whole);
      }
      SafetensorsWriter.write(weights(), lokr, TensorType.F32, Map.of());
      Files.writeString(
          config(),
          """
          {"peft_type": "LOKR", "r": 8, "alpha": 4, "rank_pattern": {"attn1.to_v": 16}}
          """);
      changes = read(golden, unet).of(LoraBase.of(unet));
      assertEquals(0.5, changes.get(layer + "to_q").scale());
      assertEquals(0.25, changes.get(layer + "to_v").scale());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"peft_type\": \"VERA\"}| peft_type: expected one of [LOHA, LOKR, LORA], which is what this library supports, got VERA",
        "{\"init_lora_weights\": \"pissa_niter_16\"}| init_lora_weights: expected factors for the base as it is, got those of pissa_niter_16, which rewrites it; save them with path_initial_model_for_weight_conversion",
        "{\"alora_invocation_tokens\": [1]}| alora_invocation_tokens: expected none, for this library adds the product of the factors and no more, got [1]"
      })
  void aPeftConfigThatAsksForMoreIsRefused(String json, String reason) throws IOException {
    try (Golden golden = Golden.of("lora")) {
      String layer =
          "base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_";
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      tensors.put(layer + "A.weight", golden.manager().ones(new Shape(4, 16)));
      tensors.put(layer + "B.weight", golden.manager().ones(new Shape(16, 4)));
      SafetensorsWriter.write(weights(), tensors, TensorType.F32, Map.of());
      Files.writeString(config(), json);
      UNet2DConditionModel unet = unet(golden);
      assertRefused(() -> read(golden, unet), config() + ": " + reason);
    }
  }

  private Path weights() {
    return folder.resolve("adapter_model.safetensors");
  }

  private Path config() {
    return folder.resolve("adapter_config.json");
  }

  private static UNet2DConditionModel unet(Golden golden) {
    return new UNet2DConditionModel(
        UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
  }

  private LoraWeights read(Golden golden, UNet2DConditionModel unet) {
    try (Lora lora = Lora.open(folder)) {
      return lora.read(List.of(LoraBase.of(unet)), golden.manager());
    }
  }

  private static void assertRefused(Executable reading, String message) {
    assertEquals(message, assertThrows(DiffusionException.class, reading).getMessage());
  }
}
