package dev.darkroom.diffusion.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CLIPTextModelTest {

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void encodesAsTransformers(Execution execution) throws IOException {
    try (Golden golden = Golden.of("clip");
        GradMode inference = GradMode.off()) {
      CLIPTextEncoder clip = model(golden, execution);
      if (execution == Execution.TRAINING) {
        golden.assertSameKeys(clip.parameters());
      }
      TextStates states = clip.forward(golden.tensor("input_ids"), null);
      assertStates(golden, clip, states);
      golden.assertMatches("pooled", states.pooled());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void projectsThePooledStateAsTransformers(Execution execution) throws IOException {
    try (Golden golden = Golden.of("clip-projection");
        GradMode inference = GradMode.off()) {
      CLIPTextEncoder clip = model(golden, execution);
      if (execution == Execution.TRAINING) {
        golden.assertSameKeys(clip.parameters());
      }
      TextStates states = clip.forward(golden.tensor("input_ids"), null);
      assertStates(golden, clip, states);
      golden.assertMatches("pooled", states.projected());
    }
  }

  private static void assertStates(Golden golden, CLIPTextEncoder clip, TextStates states) {
    golden.assertMatches("last_hidden_state", states.last());
    assertEquals(clip.config().numHiddenLayers() + 1, states.hiddenStates().size());
    for (int i = 0; i < states.hiddenStates().size(); i++) {
      golden.assertMatches("hidden_states." + i, states.hiddenStates().get(i));
    }
    NDArray skipped = states.hiddenStates().get(clip.config().numHiddenLayers() - 1);
    golden.assertMatches("skipped", clip.finalNorm(skipped));
    TextStates masked = clip.forward(golden.tensor("input_ids"), golden.tensor("attention_mask"));
    golden.assertMatches("masked", masked.last());
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip", "clip-projection"})
  void hasTheGradientsOfTransformers(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode training = GradMode.on()) {
      CLIPTextEncoder clip = model(golden, Execution.TRAINING);
      clip.requireGradients(true);
      TextStates states = clip.forward(golden.tensor("input_ids"), null);
      NDArray whole = states.projected() == null ? states.pooled() : states.projected();
      NDArray loss = states.last().mul(states.last()).mean().add(whole.mul(whole).mean());
      golden.assertGradients(loss, clip.parameters());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip", "clip-projection"})
  void learnsTheEmbeddingsOfTokensPastTheVocabulary(String name) {
    try (Golden golden = Golden.of(name);
        GradMode training = GradMode.on()) {
      CLIPTextEncoder clip = model(golden, Execution.TRAINING);
      NDArray added = golden.tensor("added");
      added.setRequiresGradient(true);

      NDArray last = clip.forward(golden.tensor("new_ids"), null, added).last();
      golden.assertMatches("inverted", last);
      Autograd.backward(last.mul(last).mean());

      golden.assertMatches("added_gradient", added.getGradient());
    }
  }

  @Test
  void loadsWhatTransformers5WritesWithoutThePrefix(@TempDir Path folder) {
    try (Golden golden = Golden.of("clip");
        GradMode inference = GradMode.off()) {
      CLIPTextModel clip = (CLIPTextModel) model(golden, Execution.TRAINING);
      Map<String, NDArray> stored = new LinkedHashMap<>();
      clip.parameters()
          .forEach((key, value) -> stored.put(key.substring("text_model.".length()), value));
      stored.put("embeddings.position_ids", golden.manager().create(new long[] {0, 1}));
      ComponentFolder.write(
          folder,
          clip.config().toJson("CLIPTextModel"),
          ComponentFolder.TRANSFORMERS_WEIGHTS,
          stored,
          TensorType.F32);

      CLIPTextModel loaded = CLIPTextModel.load(folder, golden.manager(), Execution.INFERENCE);

      golden.assertMatches(
          "last_hidden_state", loaded.forward(golden.tensor("input_ids"), null).last());
    }
  }

  @Test
  void savesWhatItLoads(@TempDir Path folder) {
    try (Golden golden = Golden.of("clip-projection");
        GradMode inference = GradMode.off()) {
      CLIPTextModelWithProjection clip =
          (CLIPTextModelWithProjection) model(golden, Execution.TRAINING);
      clip.save(folder, TensorType.F32);
      CLIPTextModelWithProjection loaded =
          CLIPTextModelWithProjection.load(folder, golden.manager(), Execution.TRAINING);
      assertEquals(clip.config(), loaded.config());
      golden.assertMatches("pooled", loaded.forward(golden.tensor("input_ids"), null).projected());
    }
  }

  @Test
  void refusesIdsPastTheVocabularyAndWhatWasAdded() {
    try (Golden golden = Golden.of("clip")) {
      CLIPTextEncoder clip = model(golden, Execution.TRAINING);
      NDArray ids = golden.manager().create(new long[] {58, 62}).reshape(1, 2);
      assertRefused("[0, 60), got 62", () -> clip.forward(ids, null));
      assertRefused("[0, 62), got 62", () -> clip.forward(ids, null, golden.tensor("added")));
      NDArray longer = golden.manager().zeros(new Shape(1, 13), DataType.INT64);
      assertRefused("T at most 12", () -> clip.forward(longer, null));
    }
  }

  @Test
  void namesTheFieldThatItDoesNotSupport() {
    assertRefused("hidden_act", () -> config("{\"hidden_act\": \"mish\"}"));
    assertRefused("num_attention_heads", () -> config("{\"num_attention_heads\": 7}"));
    assertRefused("model_type", () -> config("{\"model_type\": \"clip_vision_model\"}"));
  }

  @Test
  void onlyAProjectionNeedsItsChannels(@TempDir Path folder) throws IOException {
    try (Golden golden = Golden.of("clip");
        GradMode inference = GradMode.off()) {
      ((CLIPTextModel) model(golden, Execution.TRAINING)).save(folder, TensorType.F32);
      Path json = folder.resolve("config.json");
      Files.writeString(
          json,
          Files.readString(json)
              .replaceFirst("\"projection_dim\" *: *\\d+", "\"projection_dim\": 0"));
      CLIPTextModel clip = CLIPTextModel.load(folder, golden.manager(), Execution.INFERENCE);
      assertEquals(0, clip.config().projectionDim());
      golden.assertMatches(
          "last_hidden_state", clip.forward(golden.tensor("input_ids"), null).last());
      assertRefused(
          "projection_dim: expected a positive number, got 0",
          () -> CLIPTextModelWithProjection.load(folder, golden.manager(), Execution.INFERENCE));
    }
  }

  private static CLIPTextConfig config(String json) {
    return CLIPTextConfig.of(ModelConfig.parse("config.json", json));
  }

  private static void assertRefused(String reason, Runnable action) {
    DiffusionException refusal = assertThrows(DiffusionException.class, action::run);
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  private static CLIPTextEncoder model(Golden golden, Execution execution) {
    ModelConfig json = golden.config();
    CLIPTextConfig config = CLIPTextConfig.of(json);
    return "CLIPTextModel".equals(json.className())
        ? new CLIPTextModel(config, golden.parameters(), execution)
        : new CLIPTextModelWithProjection(config, golden.parameters(), execution);
  }
}
