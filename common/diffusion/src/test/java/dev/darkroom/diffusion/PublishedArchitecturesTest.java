package dev.darkroom.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.controlnet.ControlNetConfig;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.ShapeParameters;
import dev.darkroom.diffusion.singlefile.ComponentConfig;
import dev.darkroom.diffusion.singlefile.ComponentKind;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Built from their published configs, models have exactly the published number of parameters and
 * tensors.
 */
class PublishedArchitecturesTest {
  private final NDManager manager = TorchRuntime.newManager(Device.cpu());

  @AfterEach
  void free() {
    manager.close();
  }

  @ParameterizedTest
  @CsvSource({
    "stable-diffusion-v1-5, 859520964, 686",
    "stable-diffusion-inpainting, 859535364, 686",
    "stable-diffusion-2-1, 865910724, 686",
    "stable-diffusion-x4-upscaler, 473398020, 687",
    "stable-diffusion-xl-base-1.0, 2567463684, 1680",
    "stable-diffusion-xl-refiner-1.0, 2259526660, 1220"
  })
  void unets(String model, long parameters, int tensors) {
    UNetConfig config = UNetConfig.of(ComponentFolder.config(folder(model, "unet")));
    assertCounts(
        parameters, tensors, new UNet2DConditionModel(config, weightless(), Execution.TRAINING));
  }

  @ParameterizedTest
  @CsvSource({
    "stable-diffusion-v1-5, 83653863, 248",
    "stable-diffusion-xl-base-1.0, 83653863, 248",
    "FLUX.1-dev, 83819683, 244"
  })
  void autoencoders(String model, long parameters, int tensors) {
    AutoencoderConfig config = AutoencoderConfig.of(ComponentFolder.config(folder(model, "vae")));
    assertCounts(parameters, tensors, new AutoencoderKL(config, weightless(), Execution.TRAINING));
  }

  @Test
  void instructPix2Pix() {
    ObjectNode config = json("stable-diffusion-v1-5", "unet").put("in_channels", 8);
    assertCounts(859_532_484, 686, ComponentKind.UNET, config);
  }

  @Test
  void gligen() {
    ObjectNode config = json("stable-diffusion-v1-5", "unet").put("attention_type", "gated");
    assertCounts(1_068_623_204, 966, ComponentKind.UNET, config);
  }

  @Test
  void kandinsky22() {
    String config =
        """
        {"in_channels": 4, "out_channels": 8, "block_out_channels": [384, 768, 1152, 1536], "layers_per_block": 3,
         "down_block_types": ["ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D", "SimpleCrossAttnDownBlock2D", "SimpleCrossAttnDownBlock2D"],
         "up_block_types": ["SimpleCrossAttnUpBlock2D", "SimpleCrossAttnUpBlock2D", "SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"],
         "mid_block_type": "UNetMidBlock2DSimpleCrossAttn", "attention_head_dim": 64, "cross_attention_dim": 768,
         "encoder_hid_dim": 1280, "encoder_hid_dim_type": "image_proj", "addition_embed_type": "image",
         "resnet_time_scale_shift": "scale_shift"}
        """;
    assertCounts(
        1_253_057_288,
        724,
        new UNet2DConditionModel(
            UNetConfig.of(ModelConfig.parse("decoder", config)), weightless(), Execution.TRAINING));
  }

  @ParameterizedTest
  @CsvSource({
    "stable-diffusion-v1-5, text_encoder, 123060480, 196",
    "stable-diffusion-2-1, text_encoder, 340387840, 372",
    "stable-diffusion-xl-base-1.0, text_encoder_2, 694659840, 517"
  })
  void textEncoders(String model, String component, long parameters, int tensors) {
    ObjectNode config = json(model, component);
    ComponentKind kind = ComponentKind.of(config.path("architectures").path(0).textValue());
    assertCounts(parameters, tensors, kind, config);
  }

  @Test
  void controlNet() {
    ModelConfig config = ComponentFolder.config(folder("control_v11p_sd15_canny", ""));
    assertCounts(
        361_279_120,
        340,
        new ControlNetModel(ControlNetConfig.of(config), weightless(), Execution.TRAINING));
  }

  @ParameterizedTest
  @CsvSource({
    "stable-diffusion-2-1, 364228240, 340",
    "stable-diffusion-xl-base-1.0, 1251014160, 844"
  })
  void controlNetsOfUNets(String model, long parameters, int tensors) {
    UNetConfig unet = UNetConfig.of(ComponentFolder.config(folder(model, "unet")));
    assertCounts(
        parameters,
        tensors,
        new ControlNetModel(ControlNetConfig.of(unet), weightless(), Execution.TRAINING));
  }

  private static void assertCounts(
      long parameters, int tensors, ComponentKind kind, ObjectNode config) {
    Map<String, Shape> shapes = kind.shapes(new ComponentConfig("published", config), key -> true);
    assertEquals(tensors, shapes.size(), "tensors");
    assertEquals(parameters, shapes.values().stream().mapToLong(Shape::size).sum(), "parameters");
  }

  private static ObjectNode json(String model, String component) {
    return ComponentConfig.read(folder(model, component).resolve("config.json")).json();
  }

  private static void assertCounts(long parameters, int tensors, Network network) {
    assertEquals(tensors, network.parameters().size(), "tensors");
    assertEquals(parameters, network.parameterCount(), "parameters");
  }

  private ShapeParameters weightless() {
    return new ShapeParameters(manager, key -> true);
  }

  private static Path folder(String model, String component) {
    Path configs = Path.of("..", "..", "..", "shared", "data", "configs");
    assumeTrue(Files.isDirectory(configs), "skipped: ../shared/data absent");
    return configs.resolve(model).resolve(component);
  }
}
