package dev.darkroom.diffusion.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Activation;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class T5EncoderModelTest {

  @ParameterizedTest
  @ValueSource(strings = {"t5", "t5-v1.0"})
  void encodesAsTransformers(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      T5EncoderModel t5 = model(golden, Execution.TRAINING);
      golden.assertSameKeys(t5.parameters());
      assertStates(golden, t5);
      assertStates(golden, model(golden, Execution.INFERENCE));
    }
  }

  private static void assertStates(Golden golden, T5EncoderModel t5) {
    TextStates states = t5.forward(golden.tensor("input_ids"), null);
    golden.assertMatches("last_hidden_state", states.last());
    assertEquals(t5.config().numLayers() + 1, states.hiddenStates().size());
    for (int i = 0; i < states.hiddenStates().size(); i++) {
      golden.assertMatches(
          "hidden_states." + i, states.hiddenStates().get(i).get(new NDIndex(":, ::16")));
    }
    TextStates masked = t5.forward(golden.tensor("input_ids"), golden.tensor("attention_mask"));
    golden.assertMatches("masked", masked.last());
  }

  @Test
  void hasTheGradientsOfTransformers() throws IOException {
    try (Golden golden = Golden.of("t5");
        GradMode training = GradMode.on()) {
      T5EncoderModel t5 = model(golden, Execution.TRAINING);
      t5.requireGradients(true);
      NDArray last = t5.forward(golden.tensor("input_ids"), null).last();
      golden.assertGradients(last.mul(last).mean(), t5.parameters());
    }
  }

  @Test
  void loadsTheEncoderOfAWholeT5(@TempDir Path folder) {
    try (Golden golden = Golden.of("t5");
        GradMode inference = GradMode.off()) {
      T5EncoderModel t5 = model(golden, Execution.TRAINING);
      Map<String, NDArray> stored = new LinkedHashMap<>(t5.parameters());
      stored.put("encoder.embed_tokens.weight", stored.remove("shared.weight"));
      stored.put("lm_head.weight", golden.manager().zeros(new Shape(2)));
      stored.put("decoder.final_layer_norm.weight", golden.manager().zeros(new Shape(2)));
      ComponentFolder.write(
          folder,
          t5.config().toJson(),
          ComponentFolder.TRANSFORMERS_WEIGHTS,
          stored,
          TensorType.F32);

      T5EncoderModel loaded = T5EncoderModel.load(folder, golden.manager(), Execution.TRAINING);

      assertEquals(t5.config(), loaded.config());
      golden.assertMatches(
          "last_hidden_state", loaded.forward(golden.tensor("input_ids"), null).last());
    }
  }

  @Test
  void readsAllWaysInWhichConfigsNameTheFeedForward() {
    T5Config flux = config("{\"is_gated_act\": true, \"dense_act_fn\": \"gelu_pytorch_tanh\"}");
    assertTrue(flux.gated());
    assertEquals(Activation.GELU_NEW, flux.denseAct());
    T5Config v11 = config("{\"feed_forward_proj\": \"gated-gelu\"}");
    assertEquals(flux, v11);
    T5Config v10 = config("{}");
    assertFalse(v10.gated());
    assertEquals(Activation.RELU, v10.denseAct());
    for (String bad : new String[] {"mish", "gated-mish"}) {
      DiffusionException refused =
          assertThrows(
              DiffusionException.class, () -> config("{\"feed_forward_proj\": \"" + bad + "\"}"));
      assertTrue(refused.getMessage().contains("feed_forward_proj"), refused.getMessage());
    }
  }

  private static T5Config config(String json) {
    return T5Config.of(ModelConfig.parse("config.json", json));
  }

  private static T5EncoderModel model(Golden golden, Execution execution) {
    return new T5EncoderModel(T5Config.of(golden.config()), golden.parameters(), execution);
  }
}
