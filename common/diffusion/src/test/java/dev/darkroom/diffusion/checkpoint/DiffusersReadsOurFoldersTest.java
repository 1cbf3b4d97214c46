package dev.darkroom.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.text.BertConfig;
import dev.darkroom.diffusion.text.BertModel;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What we save, diffusers and transformers load, strictly, and compute the same with. */
class DiffusersReadsOurFoldersTest {

  @Test
  void andComputesTheSame(@TempDir Path folder) throws IOException, InterruptedException {
    String python = python();
    try (Golden unetCase = Golden.of("unet-starter");
        Golden vaeCase = Golden.of("autoencoder");
        Golden bertCase = Golden.of("bert");
        GradMode inference = GradMode.off()) {
      NDManager manager = unetCase.manager();
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(unetCase.config()), unetCase.parameters(), Execution.TRAINING);
      AutoencoderKL vae =
          new AutoencoderKL(
              AutoencoderConfig.of(vaeCase.config()), vaeCase.parameters(), Execution.TRAINING);
      BertModel bert =
          new BertModel(
              BertConfig.of(bertCase.config()), bertCase.parameters(), Execution.TRAINING);
      unet.save(folder.resolve("unet"), TensorType.F32);
      vae.save(folder.resolve("vae"), TensorType.F32);
      bert.save(folder.resolve("text_encoder"), TensorType.F32);
      Map<String, NDArray> inputs = new LinkedHashMap<>();
      inputs.put("sample", manager.randomNormal(new Shape(2, 8, 8, 8)));
      inputs.put("timestep", manager.create(new long[] {20, 900}));
      inputs.put("context", manager.randomNormal(new Shape(2, 5, 24)));
      inputs.put("z", manager.randomNormal(new Shape(2, 4, 3, 4)));
      inputs.put("ids", bertCase.tensor("input_ids"));
      inputs.put("mask", bertCase.tensor("attention_mask"));
      try (SafetensorsFile answers = answers(python, folder, inputs)) {
        NDArray prediction =
            unet.forward(
                inputs.get("sample"),
                inputs.get("timestep"),
                Conditions.text(inputs.get("context")));
        Golden.assertClose("unet", answers.read("unet", manager), prediction);
        Golden.assertClose("image", answers.read("image", manager), vae.decode(inputs.get("z")));
        Golden.assertClose(
            "states",
            answers.read("states", manager),
            bert.forward(inputs.get("ids"), inputs.get("mask")).last());
      }
    }
  }

  /**
   * Levels that the other case has none of: their fields must stand in the config that we write.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "unet-k-mirrored",
        "unet-simple-cross-attention",
        "unet-mixed-attention",
        "unet-pruned",
        "unet-gligen-without-objects"
      })
  void soItIsWithEveryKindOfLevel(String name, @TempDir Path folder)
      throws IOException, InterruptedException {
    String python = python();
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      unet.save(folder.resolve("unet"), TensorType.F32);
      NDArray sample = golden.tensor("sample");
      NDArray timestep = golden.tensor("timestep");
      NDArray context = golden.tensor("encoder_hidden_states");
      Map<String, NDArray> inputs =
          Map.of("sample", sample, "timestep", timestep, "context", context);
      try (SafetensorsFile answers = answers(python, folder, inputs)) {
        Golden.assertClose(
            "unet",
            answers.read("unet", golden.manager()),
            unet.forward(sample, timestep, Conditions.text(context)));
      }
    }
  }

  private static String python() {
    String python = System.getenv("DARKROOM_PYTHON");
    assumeTrue(
        python != null, "skipped: DARKROOM_PYTHON names no Python with diffusers and transformers");
    return python;
  }

  /** What Python makes of the component folders in a folder. */
  private static SafetensorsFile answers(String python, Path folder, Map<String, NDArray> inputs)
      throws IOException, InterruptedException {
    SafetensorsWriter.write(folder.resolve("inputs.safetensors"), inputs, TensorType.F32, Map.of());
    Path script = Path.of("src", "test", "python", "run_saved.py");
    int status =
        new ProcessBuilder(python, script.toString(), folder.toString())
            .inheritIO()
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor();
    assertEquals(0, status, "what Python answered");
    return SafetensorsFile.open(folder.resolve("answers.safetensors"));
  }
}
