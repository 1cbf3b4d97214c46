package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.controlnet.ControlNetConfig;
import dev.darkroom.diffusion.controlnet.ControlNetKeys;
import dev.darkroom.diffusion.controlnet.ControlScale;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** ControlNets and LoRAs in a pipeline, against what adapted_pipeline.py wrote. */
class AdaptedPipelineTest {
  private static final Path ADAPTED = PipelineFixture.resource("variants/adapted");
  private static final ControlScale FULL = ControlScale.FULL;

  @TempDir private static Path folder;

  private static PipelineFixture fixture;
  private static StableDiffusionPipeline pipeline;

  @BeforeAll
  static void load() {
    fixture = PipelineFixture.open("adapted", folder);
    pipeline = (StableDiffusionPipeline) fixture.pipeline();
  }

  @AfterAll
  static void close() {
    fixture.close();
  }

  @TestFactory
  Stream<DynamicTest> givesThePicturesOfDiffusers() {
    return IntStream.range(0, fixture.cases().size())
        .mapToObj(
            i ->
                DynamicTest.dynamicTest(
                    fixture.cases().get(i).toString(), () -> check(fixture.cases().get(i), i)));
  }

  @Test
  void aControlNetOfOneFileIsThatOfItsFolder() {
    Path original = folder.resolve("control.safetensors");
    try (Checkpoint weights = Checkpoint.open(ADAPTED.resolve("control"))) {
      ControlNetConfig config =
          ControlNetConfig.of(ModelConfig.of(ADAPTED.resolve("control/config.json")));
      Map<String, StoredTensor> renamed = new LinkedHashMap<>();
      ControlNetKeys.cldm(config)
          .toOriginal(weights.tensors())
          .tensors()
          .forEach((key, tensor) -> renamed.put("control_model." + key, tensor));
      SafetensorsWriter.copy(original, renamed, null, Map.of());
    }
    Path weights = ADAPTED.resolve("control/diffusion_pytorch_model.safetensors");
    float[] expected = controlled(ADAPTED.resolve("control"));
    for (Path file : List.of(original, weights)) {
      assertArrayEquals(expected, controlled(file), file.toString());
    }
    DiffusionException refusal =
        assertThrows(
            DiffusionException.class, () -> controlled(ADAPTED.resolve("subject.safetensors")));
    assertTrue(refusal.getMessage().contains("expected a ControlNet"), refusal.getMessage());
  }

  private static float[] controlled(Path place) {
    return pipeline
        .controlled(List.of(new Control(place, picture("edges-1"), FULL)), false)
        .generate(request("a red apple", "", 2, 3), List.of(Seed.of(1)), Progress.SILENT)
        .getFirst()
        .latent();
  }

  private static void check(JsonNode run, int index) {
    List<Control> controls = new ArrayList<>();
    for (JsonNode control : run.path("control")) {
      controls.add(
          new Control(
              ADAPTED.resolve("control"),
              picture(control.get(0).textValue().replace(".png", "")),
              new ControlScale(
                  control.get(1).doubleValue(),
                  control.get(2).doubleValue(),
                  control.get(3).doubleValue())));
    }
    List<Adapter> adapters = new ArrayList<>();
    for (JsonNode adapter : run.path("lora")) {
      adapters.add(adapter(adapter.get(0).textValue(), adapter.get(1).doubleValue()));
    }
    StableDiffusionPipeline used =
        pipeline.adapted(adapters).controlled(controls, run.path("guess").asBoolean());
    TextToImage text =
        request(
                run.get("prompt").textValue(),
                run.path("negative_prompt").asText(""),
                run.get("steps").intValue(),
                run.get("guidance_scale").doubleValue())
            .with(new PerturbedAttentionGuidance(run.path("pag_scale").asDouble(0), 0));
    GeneratedImage image =
        generate(used, request(text, run), run.get("seed").longValue()).getFirst();
    fixture.assertSame(index, image);
  }

  /** diffusers' pipelines with ControlNets, and that of panoramas, take the file as it is. */
  @Test
  void correctsAnEarlyExportForTheWholePictureWithoutControlNetsAlone() throws IOException {
    Path early = PipelineFixture.assemble("adapted", folder.resolve("early"));
    Path scheduler = early.resolve("scheduler/scheduler_config.json");
    Files.writeString(
        scheduler,
        Files.readString(scheduler).replace("\"steps_offset\": 1", "\"steps_offset\": 0"));
    try (StableDiffusionPipeline plain = StableDiffusionPipeline.load(early, TestDevice.get())) {
      Control control = new Control(ADAPTED.resolve("control"), picture("edges-1"), FULL);
      assertEquals(801, plain.sampler(null, 5, 0).timestep(0));
      assertEquals(800, plain.controlled(List.of(control), false).sampler(null, 5, 0).timestep(0));
      assertEquals(800, plain.windowed(32, 16).sampler(null, 5, 0).timestep(0));
    }
  }

  /** The base model serves beside its adapted views, and is what it was. */
  @Test
  void theModelItselfStaysAsItIs() {
    TextToImage request = request("a red apple", "", 2, 3);
    float[] before = generate(pipeline, request, 7).getFirst().latent();
    StableDiffusionPipeline adapted = pipeline.adapted(List.of(adapter("style", 1)));
    float[] with = generate(adapted, request, 7).getFirst().latent();
    assertTrue(Math.abs(with[0] - before[0]) > 1e-3);
    assertArrayEquals(before, generate(pipeline, request, 7).getFirst().latent());
    StableDiffusionPipeline silent = pipeline.adapted(List.of(adapter("style", 0)));
    assertArrayEquals(before, generate(silent, request, 7).getFirst().latent());
  }

  @Test
  void aPictureDoesNotDependOnThoseBesideIt() {
    TestDevice.assumeCpu();
    StableDiffusionPipeline used =
        pipeline
            .adapted(List.of(adapter("style", 0.8)))
            .controlled(
                List.of(new Control(ADAPTED.resolve("control"), picture("edges-1"), FULL)), true);
    TextToImage request = request("a red apple", "", 2, 3);
    float[] together = generate(used, request, 7, 8).getLast().latent();
    assertArrayEquals(generate(used, request, 8).getFirst().latent(), together);
  }

  /** As diffusers: tiles of the autoencoder's sample size. */
  @Test
  void tilesAPictureLargerThanTheAutoencoderWasTrainedOn() {
    TextToImage request =
        new TextToImage("a red apple", "", 64, 48, null, 1, new ClassifierFreeGuidance(1, 0), 0);
    GeneratedImage whole = generate(pipeline, request, 3).getFirst();
    GeneratedImage tiled = generate(pipeline.tiled(), request, 3).getFirst();
    assertArrayEquals(whole.latent(), tiled.latent());
    assertEquals(64, tiled.image().width());
    assertEquals(48, tiled.image().height());
    byte[] a = whole.image().toBytes();
    byte[] b = tiled.image().toBytes();
    double difference = 0;
    for (int i = 0; i < a.length; i++) {
      difference += Math.abs((a[i] & 0xff) - (b[i] & 0xff));
    }
    // Each tile is normed by itself: another picture, but of the same thing.
    assertTrue(difference > 0);
    assertTrue(difference / a.length < 40, "off by " + difference / a.length);
  }

  @Test
  void whatWasMadeForAnotherModelIsRefused(@TempDir Path other) throws IOException {
    PipelineFixture.copy(ADAPTED.resolve("control"), other);
    Path config = other.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"cross_attention_dim\": 32", "\"cross_attention_dim\": 48"));
    Control control = new Control(other, picture("edges-1"), FULL);
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> pipeline.controlled(List.of(control), false));
    assertTrue(refused.getMessage().contains("attn2.to_k"), refused.getMessage());
    Path lora = Path.of("src/test/resources/adapters/kohya-sdxl.safetensors");
    DiffusionException wrong =
        assertThrows(
            DiffusionException.class, () -> pipeline.adapted(List.of(new Adapter(lora, 1))));
    assertTrue(wrong.getMessage().contains("another base model"), wrong.getMessage());
  }

  private static Adapter adapter(String name, double scale) {
    return new Adapter(ADAPTED.resolve(name + ".safetensors"), scale);
  }

  private static TextToImage request(String prompt, String negative, int steps, double scale) {
    return new TextToImage(
        prompt, negative, 32, 32, null, steps, new ClassifierFreeGuidance(scale, 0), 0);
  }

  private static List<GeneratedImage> generate(
      StableDiffusionPipeline used, Request request, long... seeds) {
    return used.generate(
        request, Arrays.stream(seeds).mapToObj(Seed::of).toList(), Progress.SILENT);
  }

  private static Request request(TextToImage text, JsonNode run) {
    if (!run.has("image")) {
      return text;
    }
    RgbImage image = picture(run.get("image").textValue().replace(".png", ""));
    double strength = run.get("strength").doubleValue();
    return run.has("mask")
        ? new Request.Inpainting(
            text,
            image,
            picture(run.get("mask").textValue().replace(".png", "")),
            strength,
            true,
            PipelineFixture.maskPadding(run))
        : new Request.ImageToImage(text, image, strength);
  }

  @Test
  void aCroppedPicturesControlIsOfItsSize() {
    RgbImage odd = PipelineFixture.picture("odd");
    RgbImage spot = PipelineFixture.picture("spot");
    StableDiffusionPipeline used =
        pipeline.controlled(
            List.of(new Control(ADAPTED.resolve("control"), picture("edges-1"), FULL)), false);
    DiffusionException refusal =
        assertThrows(
            DiffusionException.class,
            () ->
                generate(
                    used,
                    new Request.Inpainting(request("a", "", 2, 3), odd, spot, 1, true, 4),
                    1));
    assertTrue(
        refusal.getMessage().startsWith("control: expected a picture of 45 x 37"),
        refusal.getMessage());
  }

  private static RgbImage picture(String name) {
    return PipelineFixture.picture("adapted/" + name);
  }
}
