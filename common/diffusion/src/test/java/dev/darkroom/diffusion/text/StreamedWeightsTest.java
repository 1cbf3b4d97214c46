package dev.darkroom.diffusion.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DrawnParameters;
import dev.darkroom.diffusion.ResidentPages;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A text encoder of CLIP's width computes from the bytes of its file, and leaves none in memory.
 */
class StreamedWeightsTest {
  private static final CLIPTextConfig CONFIG =
      CLIPTextConfig.of(
          ModelConfig.parse(
              "config.json",
              """
              {"vocab_size": 100, "hidden_size": 768, "intermediate_size": 3072,
               "num_hidden_layers": 2, "num_attention_heads": 12, "eos_token_id": 99}"""));

  private static final long[][] IDS = {{1, 5, 7, 99}, {3, 2, 8, 99}};

  @TempDir private Path folder;

  @BeforeEach
  void realPath() throws IOException {
    folder = folder.toRealPath();
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void computesWhatPytorchsOperatorsDo(TensorType type) {
    write(type);
    NDArray expected;
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off()) {
      NDArray ids = manager.create(IDS);
      expected = load(manager, Execution.TRAINING).forward(ids, null).last();
      CLIPTextModel streamed = load(manager, Execution.INFERENCE);
      for (int i = 0; i < 2; i++) {
        NDArray last = streamed.forward(ids, null).last();
        float furthest = last.sub(expected).abs().max().getFloat();
        assertTrue(furthest < 2e-5 * expected.abs().max().getFloat(), i + ": " + furthest);
      }
    }
  }

  @Test
  void aRowDoesNotDependOnTheOthers() {
    write(TensorType.F32);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off()) {
      CLIPTextModel model = load(manager, Execution.INFERENCE);
      NDArray both = model.forward(manager.create(IDS), null).last();
      NDArray alone = model.forward(manager.create(new long[][] {IDS[1]}), null).last();
      assertArrayEquals(alone.toFloatArray(), both.get("1:2").toFloatArray());
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void nothingStaysInMemory() throws IOException {
    write(TensorType.F32);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off()) {
      CLIPTextModel model = load(manager, Execution.INFERENCE);
      model.forward(manager.create(IDS), null);
      Path file = folder.resolve("model.safetensors");
      // Of 57 MB; what is smaller, the table of tokens with it, stays.
      long kilobytes = ResidentPages.kilobytesOf(file);
      assertTrue(kilobytes < 2048, kilobytes + " KB");
    }
  }

  private void write(TensorType type) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      new CLIPTextModel(CONFIG, new DrawnParameters(manager), Execution.TRAINING)
          .save(folder, type);
    }
  }

  private CLIPTextModel load(NDManager manager, Execution execution) {
    return CLIPTextModel.load(folder, manager, execution);
  }
}
