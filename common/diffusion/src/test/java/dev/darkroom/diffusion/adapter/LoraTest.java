package dev.darkroom.diffusion.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.GoldenConditions;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.AdaptableLayers.Attached;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.LowRank;
import dev.darkroom.diffusion.nn.ShapeParameters;
import dev.darkroom.diffusion.text.CLIPTextConfig;
import dev.darkroom.diffusion.text.CLIPTextModel;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LoraTest {
  private static final Path FILES = Path.of("src/test/resources/adapters");
  private static final float[] ALL = {1, 1, 1};

  @ParameterizedTest
  @CsvSource({
    "lora, kohya-locon, 1, kohya-locon.1.0",
    "lora, kohya-locon, 0.6, kohya-locon.0.6",
    "lora, peft, 1, peft",
    "lora, processor, 1, processor",
    "lycoris, lycoris, 1, lycoris.1.0",
    "lycoris, lycoris, 0.6, lycoris.0.6",
    "lora-sdxl, kohya-sdxl, 1, kohya-sdxl",
    "dora, peft-dora, 1, peft-dora.1.0",
    "dora, peft-dora, 0.6, peft-dora.0.6",
    "dora, kohya-dora, 1, kohya-dora.1.0",
    "dora, kohya-dora, 0.6, kohya-dora.0.6",
    "dora, lycoris-dora, 1, lycoris-dora.1.0",
    "dora, lycoris-dora, 0.6, lycoris-dora.0.6"
  })
  void changesAUNetAsTheReferenceDoes(
      String name, String file, float strength, String expectation) {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      for (Execution execution : List.of(Execution.TRAINING, Execution.INFERENCE)) {
        UNet2DConditionModel unet = unet(golden, execution);
        LoraBase base = LoraBase.of(unet);
        Map<String, LowRank> changes = read(file, golden, unet).of(base);

        Attached attached = unet.adaptable().attach(changes);
        float[] rows = {strength, strength, strength};
        golden.assertMatches(
            expectation, unet.adaptable().run(Map.of(attached, rows), () -> predict(golden, unet)));

        MergedParameters merged =
            new MergedParameters(
                golden.parameters(), List.of(new MergedParameters.Merge(changes, strength)));
        golden.assertMatches(
            expectation,
            predict(golden, new UNet2DConditionModel(unet.config(), merged, execution)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "lora, kohya-locon, 1, kohya-locon.text.1.0",
    "lora, kohya-locon, 0.6, kohya-locon.text.0.6",
    "lora, peft, 1, peft.text",
    "dora, peft-dora, 1, peft-dora.text"
  })
  void changesATextEncoderAsTheReferenceDoes(
      String name, String file, float strength, String expectation) {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      for (Execution execution : List.of(Execution.TRAINING, Execution.INFERENCE)) {
        CLIPTextModel encoder = textEncoder(golden, execution);
        golden.assertMatches("plain.text", encode(golden, encoder));
        LoraWeights weights = read(file, golden, unet(golden, execution));
        Attached attached = encoder.adaptable().attach(weights.of(LoraBase.of(encoder)));
        float[] rows = {strength, strength, strength};
        golden.assertMatches(
            expectation,
            encoder.adaptable().run(Map.of(attached, rows), () -> encode(golden, encoder)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void severalActTogetherAtTheirOwnStrengths(Execution execution) {
    try (Golden golden = Golden.of("lora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, execution);
      Map<Attached, float[]> rows = new LinkedHashMap<>();
      rows.put(attach("kohya-locon", golden, unet), new float[] {0.6f, 0.6f, 0.6f});
      rows.put(attach("peft", golden, unet), ALL);
      golden.assertMatches("both", unet.adaptable().run(rows, () -> predict(golden, unet)));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void eachRowOfABatchHasItsOwn(Execution execution) {
    try (Golden golden = Golden.of("lora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, execution);
      NDArray plain = predict(golden, unet);
      Attached locon = attach("kohya-locon", golden, unet);
      Attached peft = attach("peft", golden, unet);
      Map<Attached, float[]> rows = new LinkedHashMap<>();
      rows.put(locon, new float[] {0, 0.6f, 0.6f});
      rows.put(peft, new float[] {0, 0, 1});

      NDArray mixed = unet.adaptable().run(rows, () -> predict(golden, unet));

      assertBits(plain.get(0), mixed.get(0));
      Golden.assertClose("row 1", golden.tensor("kohya-locon.0.6").get(1), mixed.get(1));
      Golden.assertClose("row 2", golden.tensor("both").get(2), mixed.get(2));
    }
  }

  @Test
  void aRowAloneEqualsTheRowInAnyBatchToTheBit() {
    TestDevice.assumeCpu();
    try (Golden golden = Golden.of("lora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, Execution.INFERENCE);
      Attached locon = attach("kohya-locon", golden, unet);
      Attached peft = attach("peft", golden, unet);
      Map<Attached, float[]> together = new LinkedHashMap<>();
      together.put(locon, new float[] {0.3f, 0, 0.6f});
      together.put(peft, new float[] {1, 0.5f, 0});
      NDArray mixed = unet.adaptable().run(together, () -> predict(golden, unet));
      for (int i = 0; i < 3; i++) {
        int row = i;
        Map<Attached, float[]> alone = new LinkedHashMap<>();
        together.forEach((adapter, rows) -> alone.put(adapter, new float[] {rows[row]}));
        String range = row + ":" + (row + 1);
        NDArray one =
            unet.adaptable()
                .run(
                    alone,
                    () ->
                        unet.forward(
                            golden.tensor("sample").get(range),
                            golden.tensor("timestep").get(range),
                            Conditions.text(golden.tensor("encoder_hidden_states").get(range))));
        assertBits(mixed.get(range), one);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void takenAwayTheModelIsWhatItWasToTheBit(Execution execution) {
    ReducedPrecision.assumeComputed(execution);
    try (Golden golden = Golden.of("lora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, execution);
      NDArray before = predict(golden, unet);
      try (Attached adapter = attach("kohya-locon", golden, unet)) {
        assertBits(before, predict(golden, unet));
        NDArray changed = unet.adaptable().run(Map.of(adapter, ALL), () -> predict(golden, unet));
        assertTrue(changed.sub(before).abs().max().getFloat() > 0.01);
        assertBits(before, predict(golden, unet));
        // Also after a forward that failed half way.
        assertThrows(
            DiffusionException.class,
            () ->
                unet.adaptable()
                    .run(
                        Map.of(adapter, ALL),
                        () -> {
                          throw DiffusionException.badInput("stopped");
                        }));
        assertBits(before, predict(golden, unet));
      }
      assertBits(before, predict(golden, unet));
    }
  }

  /** They come from memory of Java's, which a collection takes and another buffer gets. */
  @Test
  void aCollectionDuringAForwardLeavesTheStrengthsAsTheyAre() {
    try (Golden golden = Golden.of("lora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, Execution.INFERENCE);
      Map<Attached, float[]> rows =
          Map.of(attach("kohya-locon", golden, unet), new float[] {0.6f, 0, 0.6f});
      NDArray expected = unet.adaptable().run(rows, () -> predict(golden, unet));
      List<ByteBuffer> others = new ArrayList<>();
      NDArray actual =
          unet.adaptable()
              .run(
                  rows,
                  () -> {
                    for (int i = 0; i < 20; i++) {
                      System.gc();
                      for (int size = 8; size <= 24; size += 8) {
                        others.add(ByteBuffer.allocateDirect(size).putLong(0, -1));
                      }
                    }
                    return predict(golden, unet);
                  });
      assertBits(expected, actual);
    }
  }

  @Test
  void gradientsReachTheFactors() {
    try (Golden golden = Golden.of("lora");
        GradMode recording = GradMode.on()) {
      UNet2DConditionModel unet = unet(golden, Execution.TRAINING);
      Map<String, LowRank> changes = read("kohya-locon", golden, unet).of(LoraBase.of(unet));
      changes.values().forEach(change -> change.down().setRequiresGradient(true));
      Attached adapter = unet.adaptable().attach(changes);
      NDArray y = unet.adaptable().run(Map.of(adapter, ALL), () -> predict(golden, unet));
      Autograd.backward(y.square().mean());
      changes.forEach(
          (name, change) ->
              assertTrue(change.down().getGradient().abs().max().getFloat() > 0, name));
    }
  }

  @ParameterizedTest
  @CsvSource({"analog_svd_rank4.safetensors, 0", "lora_disney.safetensors, 2"})
  void publishedFilesFitStableDiffusion15(String name, int embeddings) {
    Path data = Path.of("..", "..", "..", "shared", "data");
    assumeTrue(Files.isDirectory(data.resolve("lora")), "skipped: ../shared/data absent");
    Path configs = data.resolve("configs").resolve("stable-diffusion-v1-5");
    try (Golden golden = Golden.of("lora");
        Lora lora = Lora.open(data.resolve("lora").resolve(name))) {
      NDManager manager = golden.manager();
      ShapeParameters weightless = new ShapeParameters(manager, key -> true);
      LoraBase unet =
          LoraBase.of(
              new UNet2DConditionModel(
                  UNetConfig.of(ComponentFolder.config(configs.resolve("unet"))),
                  weightless,
                  Execution.TRAINING));
      LoraBase encoder =
          LoraBase.of(
              new CLIPTextModel(
                  CLIPTextConfig.of(ComponentFolder.config(configs.resolve("text_encoder"))),
                  weightless,
                  Execution.TRAINING));
      LoraWeights weights = lora.read(List.of(unet, encoder), manager);
      assertEquals(144, weights.of(unet).size());
      assertEquals(48, weights.of(encoder).size());
      assertEquals(embeddings, weights.embeddings().size());
      assertEquals(1, weights.of(unet).values().iterator().next().scale());
    }
  }

  @Test
  void oneForAnotherBaseIsRefusedByItsFirstWrongKey(@TempDir Path folder) {
    try (Golden golden = Golden.of("lora-sdxl")) {
      UNet2DConditionModel unet = unet(golden, Execution.TRAINING);
      assertRefused(
          () -> read("processor", golden, unet),
          "src/test/resources/adapters/processor.safetensors: tensor unet.up_blocks.1.attentions.1.transformer_blocks.0.attn1.processor.to_k_lora.down.weight: expected floating (2, 32) for up_blocks.1.attentions.1.transformer_blocks.0.attn1.to_k of this model's unet, got F32 (2, 16); the LoRA was made for another base model");
    }
    try (Golden golden = Golden.of("lora")) {
      UNet2DConditionModel unet = unet(golden, Execution.TRAINING);
      assertRefused(
          () -> read("kohya-sdxl", golden, unet),
          "src/test/resources/adapters/kohya-sdxl.safetensors: tensor lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.alpha: expected a layer of this model's unet, text_encoder, got one that none of them has; the LoRA was made for another base model");
      NDArray one = golden.manager().ones(new Shape(1, 16));
      String layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
      Path loha = folder.resolve("loha.safetensors");
      SafetensorsWriter.write(loha, Map.of(layer + ".hada_w1_a", one), TensorType.F32, Map.of());
      assertRefused(
          () -> read(loha, golden, unet),
          loha
              + ": tensor "
              + layer
              + ".hada_w1_a: expected factors of a LoHa or LoKr of shape (16, 16) for down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q of this model's unet, got factors that make no product; it was made for another base model");
      Path wide = folder.resolve("wide.safetensors");
      NDArray all = golden.manager().ones(new Shape(4, 5));
      SafetensorsWriter.write(
          wide, Map.of(layer + ".lokr_w1", all, layer + ".lokr_w2", all), TensorType.F32, Map.of());
      DiffusionException refusal =
          assertThrows(DiffusionException.class, () -> read(wide, golden, unet));
      assertTrue(
          refusal.getMessage().contains("a product of shape (16, 25)"), refusal.getMessage());
      Path oft = folder.resolve("oft.safetensors");
      SafetensorsWriter.write(oft, Map.of(layer + ".oft_blocks", one), TensorType.F32, Map.of());
      assertRefused(
          () -> read(oft, golden, unet),
          oft
              + ": tensor "
              + layer
              + ".oft_blocks: expected the factors of a LoRA, DoRA, LoHa or LoKr, which is what this library supports, got one of OFT");
      Path glora = folder.resolve("glora.safetensors");
      SafetensorsWriter.write(glora, Map.of(layer + ".a1.weight", one), TensorType.F32, Map.of());
      assertRefused(
          () -> read(glora, golden, unet),
          glora
              + ": tensor "
              + layer
              + ".a1.weight: expected the factors of a LoRA, DoRA, LoHa or LoKr, which is what this library supports, got one of GLoRA");
      Path half = folder.resolve("half.safetensors");
      SafetensorsWriter.write(
          half, Map.of(layer + ".lora_down.weight", one), TensorType.F32, Map.of());
      assertRefused(
          () -> read(half, golden, unet),
          half
              + ": tensor "
              + layer
              + ".lora_down.weight: expected the up of its layer beside it, got none");
    }
  }

  @Test
  void aDamagedNumberIsRefused(@TempDir Path folder) throws IOException {
    try (Golden golden = Golden.of("lora")) {
      Path broken = folder.resolve("broken.safetensors");
      byte[] file = Files.readAllBytes(FILES.resolve("processor.safetensors"));
      ByteBuffer.wrap(file)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putFloat(file.length - Float.BYTES, Float.NaN);
      Files.write(broken, file);
      assertRefused(
          () -> read(broken, golden, unet(golden, Execution.TRAINING)),
          broken
              + ": tensor unet.up_blocks.1.attentions.1.transformer_blocks.0.attn2.processor.to_v_lora.up.weight: expected finite values, got a NaN or an infinity; the file is damaged, or was saved from a failed training");
    }
  }

  private static void assertRefused(
      org.junit.jupiter.api.function.Executable reading, String message) {
    assertEquals(message, assertThrows(DiffusionException.class, reading).getMessage());
  }

  private static void assertBits(NDArray expected, NDArray actual) {
    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray());
  }

  private static UNet2DConditionModel unet(Golden golden, Execution execution) {
    return new UNet2DConditionModel(UNetConfig.of(golden.config()), golden.parameters(), execution);
  }

  private static CLIPTextModel textEncoder(Golden golden, Execution execution) {
    return new CLIPTextModel(
        CLIPTextConfig.of(ModelConfig.of(FILES.resolve("text_encoder.json"))),
        golden.parameters(),
        execution);
  }

  private static Attached attach(String file, Golden golden, UNet2DConditionModel unet) {
    return unet.adaptable().attach(read(file, golden, unet).of(LoraBase.of(unet)));
  }

  private static LoraWeights read(String file, Golden golden, UNet2DConditionModel unet) {
    return read(FILES.resolve(file + ".safetensors"), golden, unet);
  }

  private static LoraWeights read(Path file, Golden golden, UNet2DConditionModel unet) {
    try (Lora lora = Lora.open(file)) {
      CLIPTextModel encoder = textEncoder(golden, Execution.TRAINING);
      return lora.read(List.of(LoraBase.of(unet), LoraBase.of(encoder)), golden.manager());
    }
  }

  private static NDArray predict(Golden golden, UNet2DConditionModel unet) {
    return unet.forward(
        golden.tensor("sample"), golden.tensor("timestep"), GoldenConditions.of(golden));
  }

  private static NDArray encode(Golden golden, CLIPTextModel encoder) {
    return encoder.forward(golden.tensor("input_ids"), null).last();
  }
}
