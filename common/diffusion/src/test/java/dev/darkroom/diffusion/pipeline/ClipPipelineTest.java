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
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.text.TextualInversion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A Stable Diffusion 1 against what tiny_clip_pipeline.py wrote. */
class ClipPipelineTest {
  private static final String LONG =
      "one two three four five six seven eight nine ten, ".repeat(12);

  @TempDir private static Path folder;

  private static StableDiffusionPipeline pipeline;
  private static StableDiffusionPipeline inverted;

  @BeforeAll
  static void load() {
    PipelineFixture.copy(PipelineFixture.resource("clip"), folder);
    for (String part : List.of("unet", "vae")) {
      PipelineFixture.copy(PipelineFixture.resource("tiny").resolve(part), folder.resolve(part));
    }
    pipeline = StableDiffusionPipeline.load(folder, TestDevice.get());
    inverted = pipeline.with(List.of(thing()));
  }

  @AfterAll
  static void close() {
    inverted.close();
  }

  @TestFactory
  Stream<DynamicTest> givesThePicturesOfDiffusers() throws IOException {
    SafetensorsFile fixtures = SafetensorsFile.open(PipelineFixture.resource("clip.safetensors"));
    JsonNode cases = new ObjectMapper().readTree(fixtures.metadata().get("cases"));
    return IntStream.range(0, cases.size())
        .mapToObj(
            i ->
                DynamicTest.dynamicTest(
                    cases.get(i).toString(), () -> check(cases.get(i), fixtures, i)))
        .onClose(fixtures::close);
  }

  private static void check(JsonNode fixture, SafetensorsFile fixtures, int index) {
    StableDiffusionPipeline used = fixture.has("inversion") ? inverted : pipeline;
    TextToImage request =
        new TextToImage(
                fixture.get("prompt").textValue(),
                fixture.path("negative_prompt").asText(""),
                32,
                32,
                fixture.has("scheduler")
                    ? SamplerType.parse(fixture.get("scheduler").textValue())
                    : null,
                fixture.get("steps").intValue(),
                new ClassifierFreeGuidance(fixture.get("guidance_scale").doubleValue(), 0),
                0)
            .reading(PromptSyntax.PLAIN, fixture.path("clip_skip").asInt(0));
    GeneratedImage image = generate(used, request, fixture.get("seed").longValue());
    try (NDManager manager = TorchRuntime.newManager(TestDevice.get())) {
      float[] latents = fixtures.read(index + ".latents", manager).toFloatArray();
      assertClose(latents, image.latent());
      long[] pictures = fixtures.read(index + ".pictures", manager).toLongArray();
      byte[] rgb = image.image().toBytes();
      double difference = 0;
      for (int k = 0; k < rgb.length; k++) {
        difference += Math.abs(pictures[k] - (rgb[k] & 0xff));
      }
      assertTrue(
          difference / pictures.length < 0.05,
          "pictures are off by " + difference / pictures.length);
    }
  }

  @TestFactory
  Stream<DynamicTest> weighsPromptsAsTheirDialectsDo() throws IOException {
    SafetensorsFile fixtures = SafetensorsFile.open(PipelineFixture.resource("clip.safetensors"));
    JsonNode prompts = new ObjectMapper().readTree(fixtures.metadata().get("prompts"));
    return IntStream.range(0, prompts.size())
        .mapToObj(
            i ->
                DynamicTest.dynamicTest(
                    prompts.get(i).get("prompt").textValue(),
                    () -> {
                      PromptSyntax syntax =
                          PromptSyntax.parse(prompts.get(i).get("syntax").textValue());
                      float[] states =
                          pipeline.encode(prompts.get(i).get("prompt").textValue(), syntax, 0);
                      try (NDManager manager = TorchRuntime.newManager(TestDevice.get())) {
                        assertClose(fixtures.read("prompts." + i, manager).toFloatArray(), states);
                      }
                    }))
        .onClose(fixtures::close);
  }

  @Test
  void promptsOfAnyLengthAreHeardToTheirEnd() {
    int chunk = (int) pipeline.contextShape().size();
    for (PromptSyntax syntax : List.of(PromptSyntax.A1111, PromptSyntax.COMFY)) {
      float[] two = pipeline.encode(LONG + "red", syntax, 0);
      float[] other = pipeline.encode(LONG + "blue", syntax, 0);
      assertTrue(two.length > chunk && two.length % chunk == 0, syntax + ": " + two.length);
      assertFalse(Arrays.equals(two, other), syntax.toString());
    }
    assertEquals(chunk, pipeline.encode(LONG, PromptSyntax.PLAIN, 0).length);
  }

  @Test
  void aPromptOfSeveralChunksStandsBesideAShortNegativeOne() {
    TextToImage request = request(LONG, "ugly").reading(PromptSyntax.A1111, 0);
    float[] latent = generate(pipeline, request, 1).latent();
    assertTrue(Float.isFinite(latent[0]));
    assertFalse(Arrays.equals(latent, generate(pipeline, request(LONG, "ugly"), 1).latent()));
  }

  @Test
  void anEditedPromptIsOneTextAndThenTheOther() {
    float[] never = latent("a [cat:dog:9]", PromptSyntax.A1111);
    assertArrayEquals(latent("a cat", PromptSyntax.A1111), never);
    assertArrayEquals(
        latent("a dog", PromptSyntax.A1111), latent("a [cat:dog:0]", PromptSyntax.A1111));
    float[] half = latent("a [cat:dog:0.5]", PromptSyntax.A1111);
    assertFalse(Arrays.equals(never, half));
    assertFalse(Arrays.equals(half, latent("a [cat|dog]", PromptSyntax.A1111)));
  }

  @Test
  void partsOfAComposedPromptAddUp() {
    float[] one = latent("a cat", PromptSyntax.A1111);
    assertClose(one, latent("a cat :0.25 AND a cat :0.75", PromptSyntax.A1111));
    assertFalse(Arrays.equals(one, latent("a cat AND a dog :0.5", PromptSyntax.A1111)));
  }

  @Test
  void namesOfEmbeddingsWorkInEverySyntax() {
    float[] plain = inverted.encode("a <thing>", PromptSyntax.PLAIN, 0);
    assertArrayEquals(plain, inverted.encode("a <THING>", PromptSyntax.A1111, 0));
    assertArrayEquals(plain, inverted.encode("a embedding:<thing>", PromptSyntax.COMFY, 0));
    assertFalse(Arrays.equals(plain, pipeline.encode("a <thing>", PromptSyntax.PLAIN, 0)));
  }

  @Test
  void refusesWhatTheTextEncoderCannotDo() {
    assertRefused("0 to 2", () -> pipeline.encode("a", PromptSyntax.PLAIN, 3));
    TextualInversion wide = new TextualInversion("<w>", List.of(new float[48]), List.of());
    assertRefused("32 channels, got 48", () -> pipeline.with(List.of(wide)));
    assertRefused("no other has", () -> pipeline.with(List.of(thing(), thing())));
  }

  private static TextualInversion thing() {
    return TextualInversion.load(PipelineFixture.resource("clip-things.safetensors"), null);
  }

  private static float[] latent(String prompt, PromptSyntax syntax) {
    return generate(pipeline, request(prompt, "").reading(syntax, 0), 3).latent();
  }

  private static TextToImage request(String prompt, String negative) {
    return new TextToImage(prompt, negative, 32, 32, null, 4, new ClassifierFreeGuidance(5, 0), 0);
  }

  private static GeneratedImage generate(
      StableDiffusionPipeline pipeline, TextToImage request, long seed) {
    return pipeline.generate(request, List.of(Seed.of(seed)), Progress.SILENT).getFirst();
  }

  private static void assertClose(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    float largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int k = 0; k < expected.length; k++) {
      assertEquals(expected[k], actual[k], 2e-4 * largest, "value " + k);
    }
  }

  private static void assertRefused(String reason, Runnable action) {
    DiffusionException refusal = assertThrows(DiffusionException.class, action::run);
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }
}
