package dev.darkroom.diffusion.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.GoldenConditions;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.nn.AdaptableLayers.Attached;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.LowRank;
import dev.darkroom.diffusion.text.CLIPTextConfig;
import dev.darkroom.diffusion.text.CLIPTextModel;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What DoRA asks beyond what {@link LoraTest} holds every adapter to. */
class DoraTest {
  private static final Path FILES = Path.of("src/test/resources/adapters");

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void aBatchMayHoldRowsOfManyStrengths(Execution execution) {
    try (Golden golden = Golden.of("dora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, execution);
      NDArray plain = predict(golden, unet);
      Attached dora = unet.adaptable().attach(changes("peft-dora", golden, unet));

      NDArray mixed =
          unet.adaptable().run(Map.of(dora, new float[] {0, 0.6f, 1}), () -> predict(golden, unet));

      assertBits(plain.get(0), mixed.get(0));
      Golden.assertClose("row 1", golden.tensor("peft-dora.0.6").get(1), mixed.get(1));
      Golden.assertClose("row 2", golden.tensor("peft-dora.1.0").get(2), mixed.get(2));
      assertBits(plain, predict(golden, unet));
    }
  }

  @Test
  void aRowAloneEqualsTheRowInABatchToTheBit() {
    try (Golden golden = Golden.of("dora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, Execution.INFERENCE);
      Attached dora = unet.adaptable().attach(changes("peft-dora", golden, unet));
      float[] strengths = {0.3f, 1, 0.6f};
      NDArray together = unet.adaptable().run(Map.of(dora, strengths), () -> predict(golden, unet));
      for (int i = 0; i < strengths.length; i++) {
        String row = i + ":" + (i + 1);
        NDArray alone =
            unet.adaptable()
                .run(
                    Map.of(dora, new float[] {strengths[i]}),
                    () ->
                        unet.forward(
                            golden.tensor("sample").get(row),
                            golden.tensor("timestep").get(row),
                            Conditions.text(golden.tensor("encoder_hidden_states").get(row))));
        assertBits(together.get(row), alone);
      }
    }
  }

  /** What came before it is brought to its magnitudes with the weight, what comes after is not. */
  @ParameterizedTest
  @CsvSource({"before, true", "after, false"})
  void theOrderOfAdaptersCounts(String expectation, boolean plainFirst) {
    try (Golden golden = Golden.of("dora");
        GradMode inference = GradMode.off()) {
      for (Execution execution : List.of(Execution.TRAINING, Execution.INFERENCE)) {
        UNet2DConditionModel unet = unet(golden, execution);
        Map<String, LowRank> plain = changes("processor", golden, unet);
        Map<String, LowRank> dora = changes("peft-dora", golden, unet);
        Map<Attached, float[]> rows = new LinkedHashMap<>();
        if (plainFirst) {
          rows.put(unet.adaptable().attach(plain), new float[] {0.8f, 0.8f, 0.8f});
        }
        rows.put(unet.adaptable().attach(dora), new float[] {0.6f, 0.6f, 0.6f});
        if (!plainFirst) {
          rows.put(unet.adaptable().attach(plain), new float[] {0.8f, 0.8f, 0.8f});
        }
        golden.assertMatches(expectation, unet.adaptable().run(rows, () -> predict(golden, unet)));

        MergedParameters.Merge first = new MergedParameters.Merge(plain, 0.8);
        MergedParameters.Merge second = new MergedParameters.Merge(dora, 0.6);
        MergedParameters merged =
            new MergedParameters(
                golden.parameters(), plainFirst ? List.of(first, second) : List.of(second, first));
        golden.assertMatches(
            expectation,
            predict(golden, new UNet2DConditionModel(unet.config(), merged, execution)));
      }
    }
  }

  /** The norms are those of the weights as they compute, packed for the sizes so far or not. */
  @ParameterizedTest
  @EnumSource(names = {"INFERENCE", "INFERENCE_BFLOAT16", "INFERENCE_INT8"})
  void packedWeightsHaveTheirNorms(Execution execution) {
    assumeTrue(
        execution != Execution.INFERENCE_BFLOAT16 || Processor.here().computesBfloat16(),
        "skipped: no bfloat16 here");
    assumeTrue(
        execution != Execution.INFERENCE_INT8 || Processor.here().computesInt8(),
        "skipped: no int8 here");
    try (Golden golden = Golden.of("dora");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet = unet(golden, execution);
      Map<String, LowRank> changes = changes("peft-dora", golden, unet);
      float[] all = {1, 1, 1};
      Attached early = unet.adaptable().attach(changes);
      NDArray expected = unet.adaptable().run(Map.of(early, all), () -> predict(golden, unet));
      NDArray plain = predict(golden, unet);
      Attached late = unet.adaptable().attach(changes);
      assertBits(expected, unet.adaptable().run(Map.of(late, all), () -> predict(golden, unet)));

      // As far off as the precision puts the model itself, and not much farther.
      double own = distance(golden.tensor("plain"), plain);
      double adapted = distance(golden.tensor("peft-dora.1.0"), expected);
      assertTrue(adapted <= 3 * own + 1e-5, "off by %g, plain by %g".formatted(adapted, own));
    }
  }

  @Test
  void magnitudesOfEachInputAreRefused(@TempDir Path folder) {
    try (Golden golden = Golden.of("dora")) {
      UNet2DConditionModel unet = unet(golden, Execution.TRAINING);
      String layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      tensors.put(layer + ".lora_down.weight", golden.manager().ones(new Shape(2, 16)));
      tensors.put(layer + ".lora_up.weight", golden.manager().ones(new Shape(16, 2)));
      tensors.put(layer + ".dora_scale", golden.manager().ones(new Shape(1, 16)));
      Path file = folder.resolve("inputs.safetensors");
      SafetensorsWriter.write(file, tensors, TensorType.F32, Map.of());
      assertRefused(
          file,
          golden,
          unet,
          ": expected the magnitudes of a DoRA for each output, (16), which is what this library supports, got those of each input, (1, 16) (wd_on_output=False)");
      tensors.put(layer + ".dora_scale", golden.manager().ones(new Shape(8, 1)));
      SafetensorsWriter.write(file, tensors, TensorType.F32, Map.of());
      assertRefused(
          file,
          golden,
          unet,
          ": expected floating (16) for down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q of this model's unet, got F32 (8, 1); the LoRA was made for another base model");
    }
  }

  private static void assertRefused(
      Path file, Golden golden, UNet2DConditionModel unet, String ending) {
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> changes(file, golden, unet));
    assertTrue(refused.getMessage().startsWith(file + ": tensor lora_unet_"));
    String message = refused.getMessage();
    assertEquals(
        ending, message.substring(message.indexOf(".dora_scale") + ".dora_scale".length()));
  }

  private static double distance(NDArray expected, NDArray actual) {
    return Math.sqrt(expected.sub(actual).square().mean().getFloat());
  }

  private static void assertBits(NDArray expected, NDArray actual) {
    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray());
  }

  private static UNet2DConditionModel unet(Golden golden, Execution execution) {
    return new UNet2DConditionModel(UNetConfig.of(golden.config()), golden.parameters(), execution);
  }

  private static Map<String, LowRank> changes(
      String file, Golden golden, UNet2DConditionModel unet) {
    return changes(FILES.resolve(file + ".safetensors"), golden, unet);
  }

  private static Map<String, LowRank> changes(Path file, Golden golden, UNet2DConditionModel unet) {
    CLIPTextModel encoder =
        new CLIPTextModel(
            CLIPTextConfig.of(ModelConfig.of(FILES.resolve("text_encoder.json"))),
            golden.parameters(),
            Execution.TRAINING);
    LoraBase base = LoraBase.of(unet);
    try (Lora lora = Lora.open(file)) {
      return lora.read(List.of(base, LoraBase.of(encoder)), golden.manager()).of(base);
    }
  }

  private static NDArray predict(Golden golden, UNet2DConditionModel unet) {
    return unet.forward(
        golden.tensor("sample"), golden.tensor("timestep"), GoldenConditions.of(golden));
  }
}
