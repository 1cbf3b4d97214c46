package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.sampler.SamplerType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Against stock diffusers on the folder that tiny_pipeline.py wrote. */
class StableDiffusionPipelineTest {
  private static StableDiffusionPipeline pipeline;

  @BeforeAll
  static void load() {
    pipeline = StableDiffusionPipeline.load(PipelineFixture.resource("tiny"), TestDevice.get());
  }

  @AfterAll
  static void close() {
    pipeline.close();
  }

  @TestFactory
  Stream<DynamicTest> givesThePicturesOfDiffusers() throws IOException {
    SafetensorsFile fixtures = SafetensorsFile.open(PipelineFixture.resource("tiny.safetensors"));
    JsonNode cases = new ObjectMapper().readTree(fixtures.metadata().get("cases"));
    return IntStream.range(0, cases.size())
        .mapToObj(
            i ->
                DynamicTest.dynamicTest(
                    cases.get(i).toString(), () -> check(cases.get(i), fixtures, i)))
        .onClose(fixtures::close);
  }

  private static void check(JsonNode fixture, SafetensorsFile fixtures, int index) {
    List<Seed> noises = new ArrayList<>();
    TextToImage request = request(fixture);
    int size = pipeline.latentShape(request.width(), request.height()).size();
    for (int i = 0; i < fixture.path("images").asInt(1); i++) {
      noises.add(Seed.of(fixture.get("seed").longValue() + i));
    }
    List<GeneratedImage> images = pipeline.generate(request, noises, Progress.SILENT);
    try (NDManager manager = TorchRuntime.newManager(TestDevice.get())) {
      float[] latents = fixtures.read(index + ".latents", manager).toFloatArray();
      long[] pictures = fixtures.read(index + ".pictures", manager).toLongArray();
      float largest = 0;
      for (float value : latents) {
        largest = Math.max(largest, Math.abs(value));
      }
      double difference = 0;
      for (int i = 0; i < images.size(); i++) {
        for (int k = 0; k < size; k++) {
          assertEquals(
              latents[i * size + k], images.get(i).latent()[k], 2e-4 * largest, "latent " + k);
        }
        byte[] rgb = images.get(i).image().toBytes();
        for (int k = 0; k < rgb.length; k++) {
          difference += Math.abs(pictures[i * rgb.length + k] - (rgb[k] & 0xff));
        }
      }
      assertTrue(
          difference / pictures.length < 0.05,
          "pictures are off by " + difference / pictures.length);
    }
  }

  private static TextToImage request(JsonNode fixture) {
    JsonNode sampler = fixture.get("scheduler");
    return new TextToImage(
        fixture.get("prompt").textValue(),
        fixture.path("negative_prompt").asText(""),
        fixture.path("width").asInt(32),
        fixture.path("height").asInt(32),
        sampler.isNull() ? null : SamplerType.parse(sampler.textValue()),
        fixture.get("steps").intValue(),
        new ClassifierFreeGuidance(
            fixture.get("guidance_scale").doubleValue(),
            fixture.path("guidance_rescale").asDouble(0)),
        fixture.path("eta").asDouble(0));
  }

  @Test
  void aPictureDoesNotDependOnItsNeighbours() {
    TestDevice.assumeCpu();
    TextToImage request = request("a red apple", SamplerType.DDIM, 3);
    int size = pipeline.latentShape(32, 32).size();
    List<Seed> noises = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      noises.add(Seed.of(i));
    }
    List<GeneratedImage> together = pipeline.generate(request, noises, Progress.SILENT);
    for (int i = 0; i < 5; i++) {
      List<GeneratedImage> alone = pipeline.generate(request, List.of(Seed.of(i)), Progress.SILENT);
      assertArrayEquals(alone.getFirst().latent(), together.get(i).latent(), "image " + i);
      assertEquals(alone.getFirst().image(), together.get(i).image());
    }
  }

  @Test
  void threadsShareAModelAndGetTheSamePictures() throws Exception {
    TextToImage request = request("a blue cat", null, 3);
    Seed noise = Seed.of(3);
    GeneratedImage expected =
        pipeline.generate(request, List.of(noise), Progress.SILENT).getFirst();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Callable<GeneratedImage> run =
          () -> pipeline.generate(request, List.of(noise), Progress.SILENT).getFirst();
      for (Future<GeneratedImage> each : threads.invokeAll(Collections.nCopies(8, run))) {
        assertEquals(expected.image(), each.get().image());
      }
    }
  }

  @Test
  void promptNegativePromptAndGuidanceAllMatter() {
    float[] red =
        latent(new TextToImage("red", "", 32, 32, null, 3, new ClassifierFreeGuidance(5, 0), 0));
    for (TextToImage other :
        List.of(
            new TextToImage("blue", "", 32, 32, null, 3, new ClassifierFreeGuidance(5, 0), 0),
            new TextToImage("red", "blue", 32, 32, null, 3, new ClassifierFreeGuidance(5, 0), 0),
            new TextToImage("red", "", 32, 32, null, 3, new ClassifierFreeGuidance(6, 0), 0),
            new TextToImage("red", "", 32, 32, null, 3, new ClassifierFreeGuidance(5, 0.5), 0))) {
      assertFalse(Arrays.equals(red, latent(other)), other.toString());
    }
  }

  @Test
  void saysWhereItIs() {
    List<String> heard = new ArrayList<>();
    pipeline.generate(
        request("night", null, 2),
        List.of(Seed.of(1), Seed.of(2)),
        new Progress() {
          @Override
          public void encoded() {
            heard.add("encoded");
          }

          @Override
          public void stepped(int step, int steps) {
            heard.add(step + "/" + steps);
          }

          @Override
          public void decoded(int image) {
            heard.add("image " + image);
          }
        });
    assertEquals(List.of("encoded", "1/2", "2/2", "image 0", "image 1"), heard);
  }

  @Test
  void refusesSizesThatTheFactorDoesNotDivide() {
    assertRefused("multiples of 4", () -> pipeline.latentShape(30, 32));
    assertRefused("8192", () -> request(1 << 20, 32));
    assertRefused("1 to", () -> request(0, 32));
  }

  @Test
  void refusesNoiseOfAnotherSize() {
    assertRefused(
        "[4,8,8]",
        () ->
            pipeline.generate(
                request("night", null, 2), List.of(new Seed(1, new float[255])), Progress.SILENT));
  }

  @Test
  void refusesFoldersThatAreNotWhole(@TempDir Path folder) throws IOException {
    assertRefused("model_index.json", () -> DiffusionPipeline.load(folder, TestDevice.get()));
    PipelineFixture.copy(PipelineFixture.resource("tiny"), folder);
    DiffusionPipeline.load(folder, TestDevice.get()).close();

    Path index = folder.resolve("model_index.json");
    String text = Files.readString(index);
    Files.writeString(index, text.replace("StableDiffusionPipeline", "FluxPipeline"));
    assertRefused("FluxPipeline", () -> DiffusionPipeline.load(folder, TestDevice.get()));
    Files.writeString(index, text.replace("BertModel", "XLMRobertaModel"));
    assertRefused("XLMRobertaModel", () -> DiffusionPipeline.load(folder, TestDevice.get()));
    Files.writeString(index, text);

    Path weights = folder.resolve("unet/diffusion_pytorch_model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(whole, whole.length - 10));
    assertRefused("truncated", () -> DiffusionPipeline.load(folder, TestDevice.get()));
    Files.delete(weights);
    assertRefused("unet", () -> DiffusionPipeline.load(folder, TestDevice.get()));
    Files.write(weights, whole);

    Path tokenizer = folder.resolve("tokenizer/tokenizer_config.json");
    Files.writeString(
        tokenizer,
        Files.readString(tokenizer)
            .replace("\"model_max_length\": 12", "\"model_max_length\": 77"));
    assertRefused("16 positions", () -> DiffusionPipeline.load(folder, TestDevice.get()));
  }

  private static void assertRefused(String reason, Runnable action) {
    DiffusionException refusal = assertThrows(DiffusionException.class, action::run);
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  private static float[] latent(TextToImage request) {
    return pipeline.generate(request, List.of(Seed.of(0)), Progress.SILENT).getFirst().latent();
  }

  private static TextToImage request(String prompt, @Nullable SamplerType sampler, int steps) {
    return new TextToImage(
        prompt, "", 32, 32, sampler, steps, new ClassifierFreeGuidance(5, 0), 0.5);
  }

  private static TextToImage request(int width, int height) {
    return new TextToImage("", "", width, height, null, 1, new ClassifierFreeGuidance(1, 0), 0);
  }
}
