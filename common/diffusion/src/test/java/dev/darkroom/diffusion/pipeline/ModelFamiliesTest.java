package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.MicroConditioning.Size;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.text.TextualInversion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stable Diffusion XL, its refiner, a distilled model, and guidance by perturbed attention, against
 * what tiny_pipelines.py wrote.
 */
class ModelFamiliesTest {
  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> theBaseGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("xl");
  }

  @TestFactory
  Stream<DynamicTest> theRefinerGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("refiner");
  }

  @TestFactory
  Stream<DynamicTest> inpaintingGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("xl-inpaint");
  }

  @TestFactory
  Stream<DynamicTest> editingGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("xl-edit");
  }

  @TestFactory
  Stream<DynamicTest> editingWithAScaledLatentGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("xl-edit-scaled");
  }

  /** Playground 2.5's way: EDM's noise, latents with a mean and a deviation for each channel. */
  @TestFactory
  Stream<DynamicTest> latentsOfOwnMeansGiveThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("xl-edm");
  }

  @TestFactory
  Stream<DynamicTest> aConsistencyModelGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("consistency");
  }

  @TestFactory
  Stream<DynamicTest> latentDiffusionWithBertGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("latent-diffusion");
  }

  @TestFactory
  Stream<DynamicTest> largePicturesThroughWindowsAreThePanoramasOfDiffusers() {
    PipelineFixture fixture = PipelineFixture.open("large", folder);
    StableDiffusionPipeline windowed =
        ((StableDiffusionPipeline) fixture.pipeline()).windowed(32, 16);
    return fixture.tests(
        (asked, index) ->
            windowed
                .generate(
                    request(asked),
                    List.of(Seed.of(asked.get("seed").longValue())),
                    Progress.SILENT)
                .getFirst());
  }

  @TestFactory
  Stream<DynamicTest> perturbedAttentionGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("perturbed");
  }

  @TestFactory
  Stream<DynamicTest> perturbedAttentionOfTheBaseGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("xl-perturbed");
  }

  private Stream<DynamicTest> givesThePicturesOfDiffusers(String kind) {
    PipelineFixture fixture = PipelineFixture.open(kind, folder);
    return fixture.tests(
        (asked, index) ->
            fixture.generate(
                request(asked),
                new Seed(
                    asked.get("seed").longValue(),
                    asked.has("start") ? fixture.start(index) : null)));
  }

  private static Request request(JsonNode asked) {
    if (!asked.has("image")) {
      return text(asked, null);
    }
    RgbImage image = PipelineFixture.picture(asked.get("image").textValue());
    if (asked.has("image_guidance_scale")) {
      return new Request.InstructPix2Pix(
          text(asked, null), image, asked.get("image_guidance_scale").doubleValue());
    }
    double strength = asked.path("strength").asDouble(0.3);
    return asked.has("mask")
        ? new Request.Inpainting(
            text(asked, null),
            image,
            PipelineFixture.picture(asked.get("mask").textValue()),
            strength,
            asked.has("padding_mask_crop"),
            PipelineFixture.maskPadding(asked))
        : new Request.ImageToImage(text(asked, image), image, strength);
  }

  private static PerturbedAttentionGuidance perturbed(JsonNode asked) {
    List<String> layers = new ArrayList<>();
    asked.path("pag_applied_layers").forEach(layer -> layers.add(layer.textValue()));
    return new PerturbedAttentionGuidance(
        asked.path("pag_scale").asDouble(0),
        asked.path("pag_adaptive_scale").asDouble(0),
        layers.isEmpty() ? PerturbedAttentionGuidance.MIDDLE : layers);
  }

  private static TextToImage text(JsonNode asked, @Nullable RgbImage image) {
    JsonNode crop = asked.path("crops_coords_top_left");
    return new TextToImage(
        new Prompts(
            asked.get("prompt").textValue(),
            asked.path("negative_prompt").textValue(),
            asked.path("prompt_2").textValue(),
            asked.path("negative_prompt_2").textValue(),
            PromptSyntax.PLAIN,
            asked.path("clip_skip").asInt(0)),
        image == null ? asked.path("width").asInt(32) : image.width() / 4 * 4,
        image == null ? asked.path("height").asInt(32) : image.height() / 4 * 4,
        new Sampling(
            asked.has("scheduler") ? SamplerType.parse(asked.get("scheduler").textValue()) : null,
            asked.get("steps").intValue(),
            0,
            number(asked, "original_inference_steps", JsonNode::intValue),
            number(asked, "denoising_start", JsonNode::doubleValue),
            number(asked, "denoising_end", JsonNode::doubleValue)),
        new ClassifierFreeGuidance(
            asked.get("guidance_scale").doubleValue(), asked.path("guidance_rescale").asDouble(0)),
        perturbed(asked),
        new MicroConditioning(
            size(asked.path("original_size")),
            crop.path(0).asInt(0),
            crop.path(1).asInt(0),
            size(asked.path("target_size")),
            asked.path("aesthetic_score").asDouble(6),
            asked.path("negative_aesthetic_score").asDouble(2.5)));
  }

  private static <T> @Nullable T number(JsonNode asked, String name, Function<JsonNode, T> value) {
    return asked.has(name) ? value.apply(asked.get(name)) : null;
  }

  private static @Nullable Size size(JsonNode heightAndWidth) {
    return heightAndWidth.isArray()
        ? new Size(heightAndWidth.get(1).intValue(), heightAndWidth.get(0).intValue())
        : null;
  }

  @Test
  void whatOneTextLacksInChunksTheOtherFillsUp() {
    try (PipelineFixture fixture = PipelineFixture.open("xl", folder)) {
      TextToImage text = simple();
      String many = "one two three four five six seven eight nine ten, ".repeat(12);
      for (Prompts prompts :
          List.of(
              new Prompts("a", "", many, PromptSyntax.A1111, 0),
              new Prompts(many, "ugly", "a", PromptSyntax.COMFY, 0))) {
        float[] latent = fixture.generate(text.with(prompts), Seed.of(1)).latent();
        assertTrue(Float.isFinite(latent[0]));
        assertFalse(Arrays.equals(latent, fixture.generate(simple(), Seed.of(1)).latent()));
      }
    }
  }

  @Test
  void anEmbeddingNeedsVectorsForBothEncoders() {
    try (PipelineFixture fixture = PipelineFixture.open("xl", folder)) {
      StableDiffusionPipeline pipeline = (StableDiffusionPipeline) fixture.pipeline();
      List<float[]> first = List.of(new float[32], new float[32]);
      TextualInversion whole = new TextualInversion("<t>", first, List.of(new float[16]));
      StableDiffusionPipeline inverted = pipeline.with(List.of(whole));
      assertFalse(
          Arrays.equals(
              pipeline.encode("a <t>", PromptSyntax.PLAIN, 0),
              inverted.encode("a <t>", PromptSyntax.PLAIN, 0)));
      TextualInversion half = new TextualInversion("<t>", first, List.of());
      assertRefused("clip_l and clip_g", () -> pipeline.with(List.of(half)));
    }
  }

  @Test
  void aPictureDoesNotDependOnItsNeighbours() {
    try (PipelineFixture fixture = PipelineFixture.open("xl", folder)) {
      List<GeneratedImage> together =
          ((StableDiffusionPipeline) fixture.pipeline())
              .generate(simple(), List.of(Seed.of(1), Seed.of(2)), Progress.SILENT);
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(
            fixture.generate(simple(), Seed.of(1 + i)).latent(), together.get(i).latent());
      }
    }
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    try (PipelineFixture fixture = PipelineFixture.open("refiner", folder.resolve("refiner"))) {
      Sampling late = new Sampling(null, 4, 0, null, 0.5, null);
      assertRefused(
          "that another model ended with", () -> fixture.generate(simple().with(late), Seed.of(1)));
      Sampling later = new Sampling(null, 4, 0, null, 0.999, null);
      assertRefused(
          "leaves none", () -> fixture.generate(simple().with(later), new Seed(1, new float[256])));
    }
    try (PipelineFixture fixture = PipelineFixture.open("consistency", folder.resolve("lcm"))) {
      RgbImage picture = PipelineFixture.picture("picture");
      TextToImage many = simple().with(Sampling.of(null, 26, 0));
      assertRefused(
          "steps: expected 1 to 25",
          () -> fixture.generate(new Request.ImageToImage(many, picture, 0.5), Seed.of(1)));
    }
    assertRefused("less than the end", () -> new Sampling(null, 4, 0, null, 0.5, 0.4));
    assertRefused("between 0 and 1", () -> new Sampling(null, 4, 0, null, null, 1.0));
    Path model = PipelineFixture.assemble("xl", folder.resolve("xl"));
    assertRefused(
        "time and text alone", () -> StableDiffusionPipeline.load(model, TestDevice.get()));
    Path index = model.resolve("model_index.json");
    Files.writeString(
        index,
        Files.readString(index)
            .replace("\"_class_name\"", "\"requires_aesthetics_score\": true, \"_class_name\""));
    assertRefused(
        "requires_aesthetics_score", () -> DiffusionPipeline.load(model, TestDevice.get()));
    try (PipelineFixture fixture = PipelineFixture.open("image", folder.resolve("image"))) {
      Prompts two = new Prompts("a", "", "b", PromptSyntax.PLAIN, 0);
      assertRefused("second prompt", () -> fixture.generate(simple().with(two), Seed.of(1)));
    }
  }

  private static TextToImage simple() {
    return new TextToImage("a", null, 32, 32, null, 2, new ClassifierFreeGuidance(5, 0), 0);
  }

  private static void assertRefused(String reason, Runnable action) {
    DiffusionException refusal = assertThrows(DiffusionException.class, action::run);
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }
}
