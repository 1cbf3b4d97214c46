package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.sampler.SamplerType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Models that read no text, against what unconditional_pipelines.py wrote. */
class UnconditionalPipelineTest {
  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> latentDiffusionGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("latents");
  }

  @TestFactory
  Stream<DynamicTest> latentDiffusionOfClassesGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("latent-classes");
  }

  @TestFactory
  Stream<DynamicTest> whatTheTrainerMakesOfClassesGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("classes");
  }

  @TestFactory
  Stream<DynamicTest> diffusionOnPixelsGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("pixels");
  }

  @TestFactory
  Stream<DynamicTest> anImplicitModelOfGraysGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("implicit");
  }

  @TestFactory
  Stream<DynamicTest> aConsistencyModelGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("consistency");
  }

  private Stream<DynamicTest> givesThePicturesOfDiffusers(String kind) {
    PipelineFixture fixture = open(kind);
    return fixture.tests(
        (asked, index) ->
            generate(fixture, request(fixture, asked), Seed.of(asked.get("seed").longValue())));
  }

  private PipelineFixture open(String kind) {
    return PipelineFixture.open(
        PipelineFixture.resource("unconditional/" + kind + ".safetensors"), assemble(kind));
  }

  private Path assemble(String kind) {
    Path model = folder.resolve(kind);
    PipelineFixture.copy(PipelineFixture.resource("unconditional/" + kind), model);
    if (kind.equals("classes")) {
      PipelineFixture.copy(PipelineFixture.resource("tiny/vae"), model.resolve("vae"));
    }
    return model;
  }

  private static GeneratedImage generate(PipelineFixture fixture, Unprompted request, Seed seed) {
    return pipeline(fixture).generate(request, List.of(seed), Progress.SILENT).getFirst();
  }

  private static UnconditionalPipeline pipeline(PipelineFixture fixture) {
    return (UnconditionalPipeline) fixture.pipeline();
  }

  private static Unprompted request(PipelineFixture fixture, JsonNode asked) {
    int side = pipeline(fixture).defaultSide();
    return new Unprompted(
        asked.path("width").asInt(side),
        asked.path("height").asInt(side),
        asked.has("class") ? (Integer) asked.get("class").intValue() : null,
        Sampling.of(
            asked.has("scheduler") ? SamplerType.parse(asked.get("scheduler").textValue()) : null,
            asked.get("steps").intValue(),
            asked.path("eta").asDouble(0)),
        new ClassifierFreeGuidance(
            asked.path("guidance_scale").asDouble(1), asked.path("guidance_rescale").asDouble(0)));
  }

  @Test
  void aPictureDoesNotDependOnItsNeighbours() {
    try (PipelineFixture fixture = open("latent-classes")) {
      Unprompted request = request(fixture, fixture.cases().get(2));
      List<GeneratedImage> together =
          pipeline(fixture).generate(request, List.of(Seed.of(1), Seed.of(2)), Progress.SILENT);
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(
            generate(fixture, request, Seed.of(1 + i)).latent(), together.get(i).latent());
      }
      assertFalse(Arrays.equals(together.get(0).latent(), together.get(1).latent()));
    }
  }

  @Test
  void onePartInMemoryAtATimeGivesTheSamePicture() {
    for (String kind : List.of("latents", "classes", "implicit")) {
      try (PipelineFixture fixture = open(kind);
          UnconditionalPipeline offloaded =
              (UnconditionalPipeline)
                  DiffusionPipeline.offloaded(
                      () -> ModelSource.folder(folder.resolve(kind)),
                      TestDevice.get(),
                      Precision.FLOAT32)) {
        Unprompted request = request(fixture, fixture.cases().get(0));
        assertArrayEquals(
            generate(fixture, request, Seed.of(1)).latent(),
            offloaded.generate(request, List.of(Seed.of(1)), Progress.SILENT).getFirst().latent(),
            kind);
      }
    }
  }

  @Test
  void diffusersDefaultsAreTheDefaults() {
    try (PipelineFixture pixels = open("pixels");
        PipelineFixture latents = open("latents")) {
      assertEquals(1000, pipeline(pixels).defaultSteps());
      assertEquals(16, pipeline(pixels).defaultSide());
      assertEquals(50, pipeline(latents).defaultSteps());
      assertEquals(16, pipeline(latents).defaultSide());
    }
  }

  @Test
  void refusesWhatAModelIsNotFor() {
    try (PipelineFixture fixture = open("latents")) {
      assertRefused("class: expected none", () -> generate(fixture, asked(16, 1, 1), Seed.of(1)));
      assertRefused(
          "guidance scale: expected 1", () -> generate(fixture, asked(16, null, 3), Seed.of(1)));
      assertRefused("multiples of 2", () -> generate(fixture, asked(17, null, 1), Seed.of(1)));
    }
    try (PipelineFixture fixture = open("classes")) {
      assertRefused(
          "class: expected 0 to 4, as the model has, got 5",
          () -> generate(fixture, asked(32, 5, 1), Seed.of(1)));
      assertRefused("got none", () -> generate(fixture, asked(32, null, 1), Seed.of(1)));
    }
    try (PipelineFixture fixture = open("pixels")) {
      assertRefused("works on pixels", () -> pipeline(fixture).tiled());
    }
    Path model = assemble("latents");
    PipelineFixture.copy(
        PipelineFixture.resource("unconditional/implicit/unet"), model.resolve("unet"));
    assertRefused(
        "3 channels, as the latents", () -> DiffusionPipeline.load(model, TestDevice.get()));
  }

  private static Unprompted asked(int side, @Nullable Integer label, double scale) {
    return new Unprompted(
        side, side, label, Sampling.of(null, 2, 0), new ClassifierFreeGuidance(scale, 0));
  }

  private static void assertRefused(String reason, Runnable action) {
    DiffusionException refusal = assertThrows(DiffusionException.class, action::run);
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }
}
