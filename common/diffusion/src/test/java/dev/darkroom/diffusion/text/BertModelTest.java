package dev.darkroom.diffusion.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BertModelTest {

  @Test
  void encodesAsTransformers() throws IOException {
    try (Golden golden = Golden.of("bert");
        GradMode inference = GradMode.off()) {
      BertModel bert = model(golden);
      golden.assertSameKeys(bert.parameters());

      TextStates states = bert.forward(golden.tensor("input_ids"), golden.tensor("attention_mask"));

      golden.assertMatches("last_hidden_state", states.last());
      golden.assertMatches("pooler_output", states.pooled());
      for (int i = 0; i < states.hiddenStates().size(); i++) {
        golden.assertMatches("hidden_states." + i, states.hiddenStates().get(i));
      }
      golden.assertMatches("unmasked", bert.forward(golden.tensor("input_ids"), null).last());

      BertModel packed = new BertModel(bert.config(), golden.parameters(), Execution.INFERENCE);
      golden.assertMatches("unmasked", packed.forward(golden.tensor("input_ids"), null).last());
    }
  }

  @Test
  void loadsEncodersStoredWithinAnotherModelAndWithoutAPooler(@TempDir Path folder) {
    try (Golden golden = Golden.of("bert")) {
      BertModel bert = model(golden);
      Map<String, NDArray> stored = new LinkedHashMap<>();
      bert.parameters().forEach((key, value) -> stored.put("bert." + key, value));
      stored.keySet().removeIf(key -> key.contains("pooler"));
      stored.put("cls.predictions.bias", golden.manager().zeros(new Shape(3)));
      stored.put("bert.embeddings.position_ids", golden.manager().create(new long[] {0, 1}));
      ComponentFolder.write(
          folder,
          bert.config().toJson(),
          ComponentFolder.TRANSFORMERS_WEIGHTS,
          stored,
          TensorType.F32);

      BertModel loaded = BertModel.load(folder, golden.manager(), Execution.TRAINING);

      TextStates states =
          loaded.forward(golden.tensor("input_ids"), golden.tensor("attention_mask"));
      golden.assertMatches("last_hidden_state", states.last());
      assertNull(states.pooled());
    }
  }

  @Test
  void keepsItsConfigAndItsWordThatMasksArePassed(@TempDir Path folder) {
    try (Golden golden = Golden.of("bert")) {
      BertConfig config =
          BertConfig.of(
              ModelConfig.parse(
                  "config",
                  "{\"use_attention_mask\": true, \"hidden_size\": 24, \"vocab_size\": 9}"));
      BertModel bert = new BertModel(config, golden.parameters(), Execution.TRAINING);
      bert.save(folder, TensorType.F16);
      BertModel loaded = BertModel.load(folder, golden.manager(), Execution.TRAINING);
      assertEquals(config, loaded.config());
      assertNotNull(loaded.parameters().get("pooler.dense.weight"));
    }
  }

  @Test
  void refusesIdsOutsideTheVocabulary() {
    try (Golden golden = Golden.of("bert")) {
      BertModel bert = model(golden);
      NDArray ids = golden.manager().create(new long[] {3, 60}).reshape(1, 2);
      DiffusionException refused =
          assertThrows(DiffusionException.class, () -> bert.forward(ids, null));
      assertEquals("input_ids: expected ids in [0, 60), got 60", refused.getMessage());
    }
  }

  private static BertModel model(Golden golden) {
    return new BertModel(BertConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
  }
}
