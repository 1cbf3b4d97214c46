package dev.darkroom.trainer.starter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.text.BertModel;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import dev.darkroom.diffusion.tokenizer.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The text encoder that ships, against what onnxruntime makes of the file it was taken from. */
class StarterTextEncoderTest {
  private static final Path MODEL = Path.of("../models/starter");
  private static final List<String> SENTENCES =
      List.of(
          "a red apple",
          "Flag of Curaçao, green background",
          "",
          "an owl wearing glasses reads a book by candlelight");

  /** fp16 of values about 1: the weights and the golden are both rounded to it. */
  private static final float TOLERANCE = 5e-3f;

  @Test
  void tokenStatesAreThoseOfTheOnnxModelAndPaddingChangesNothing() throws Exception {
    assumeTrue(Files.exists(MODEL.resolve("text_encoder")), "skipped: ../models/starter absent");
    Path golden = Path.of(getClass().getResource("token-states.safetensors").toURI());
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode mode = GradMode.off();
        SafetensorsFile file = SafetensorsFile.open(golden);
        PromptTokenizer tokenizer = PromptTokenizer.load(MODEL.resolve("tokenizer"))) {
      assertEquals(TextEncoder.TOKENS, tokenizer.maxLength());
      BertModel encoder =
          BertModel.load(MODEL.resolve("text_encoder"), manager, Execution.INFERENCE);
      for (int i = 0; i < SENTENCES.size(); i++) {
        Tokens tokens = tokenizer.encode(SENTENCES.get(i));
        int count = tokens.count();
        assertArrayEquals(
            file.read(i + ".ids", manager).toLongArray(), Arrays.copyOf(tokens.ids(), count));
        NDArray states =
            encoder
                .forward(
                    manager.create(tokens.ids()).expandDims(0),
                    manager.create(tokens.mask()).expandDims(0))
                .last();
        assertArrayEquals(
            file.read(i + ".states", manager).toFloatArray(),
            states.get(":, :" + count).toFloatArray(),
            TOLERANCE,
            SENTENCES.get(i));
      }
    }
  }
}
