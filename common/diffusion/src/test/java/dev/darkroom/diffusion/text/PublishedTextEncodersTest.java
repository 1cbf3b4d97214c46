package dev.darkroom.diffusion.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.ShapeParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Built from their published configs, encoders have exactly the published parameters. */
class PublishedTextEncodersTest {

  @ParameterizedTest
  @CsvSource({
    "stable-diffusion-v1-5, text_encoder, CLIPTextModel, 123060480, 196",
    "stable-diffusion-2-1, text_encoder, CLIPTextModel, 340387840, 372",
    "stable-diffusion-xl-base-1.0, text_encoder, CLIPTextModel, 123060480, 196",
    "stable-diffusion-xl-base-1.0, text_encoder_2, CLIPTextModelWithProjection, 694659840, 517",
    "stable-diffusion-xl-refiner-1.0, text_encoder, CLIPTextModelWithProjection, 694659840, 517",
    "stable-diffusion-3-medium-diffusers, text_encoder_3, T5EncoderModel, 4762310656, 219",
    "FLUX.1-dev, text_encoder_2, T5EncoderModel, 4762310656, 219"
  })
  void haveThePublishedNumbers(
      String model, String component, String className, long parameters, int tensors) {
    Path configs = Path.of("..", "..", "..", "shared", "data", "configs");
    assumeTrue(Files.isDirectory(configs), "skipped: ../shared/data absent");
    ModelConfig config = ComponentFolder.config(configs.resolve(model).resolve(component));
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      ShapeParameters source = new ShapeParameters(manager, key -> true);
      Network network =
          switch (className) {
            case "CLIPTextModel" ->
                new CLIPTextModel(CLIPTextConfig.of(config), source, Execution.TRAINING);
            case "CLIPTextModelWithProjection" ->
                new CLIPTextModelWithProjection(
                    CLIPTextConfig.of(config), source, Execution.TRAINING);
            default -> new T5EncoderModel(T5Config.of(config), source, Execution.TRAINING);
          };
      assertEquals(tensors, network.parameters().size(), "tensors");
      assertEquals(parameters, network.parameterCount(), "parameters");
    }
  }
}
