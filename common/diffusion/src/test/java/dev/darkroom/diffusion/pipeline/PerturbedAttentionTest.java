package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What guidance by perturbed attention does to a run; {@link ModelFamiliesTest} holds its pictures
 * against diffusers.
 */
class PerturbedAttentionTest {
  private static final PerturbedAttentionGuidance ON = guidance(3, "up_blocks.2", "mid");

  @TempDir private static Path folder;
  private static StableDiffusionPipeline pipeline;

  @BeforeAll
  static void load() {
    pipeline = (StableDiffusionPipeline) PipelineFixture.open("perturbed", folder).pipeline();
  }

  @AfterAll
  static void close() {
    pipeline.close();
  }

  @Test
  void aPictureDoesNotDependOnItsNeighbours() {
    TestDevice.assumeCpu();
    TextToImage asked = text("a red apple").with(ON);
    List<GeneratedImage> together =
        pipeline.generate(asked, List.of(Seed.of(1), Seed.of(2)), Progress.SILENT);
    assertArrayEquals(latent(asked, 1), together.get(0).latent());
    assertArrayEquals(latent(asked, 2), together.get(1).latent());
  }

  @Test
  void aScaleThatHasFallenToNothingIsAsGoodAsNone() {
    TextToImage asked = text("a red apple");
    float[] plain = latent(asked, 1);
    assertFalse(Arrays.equals(plain, latent(asked.with(ON), 1)));
    assertArrayEquals(plain, latent(asked.with(guidance(0, "mid")), 1));
    assertArrayEquals(
        plain, latent(asked.with(new PerturbedAttentionGuidance(0.5, 1, List.of("mid"))), 1));
  }

  @Test
  void partsOfAPromptArePerturbedEach() {
    TextToImage whole = text("a red apple").with(ON);
    // u + 0.5 (c - u) + 0.5 (c - u) is c again, and so with what is perturbed.
    TextToImage halves =
        text("a red apple :0.5 AND a red apple :0.5").reading(PromptSyntax.A1111, 0).with(ON);
    assertArrayEquals(latent(whole, 1), latent(halves, 1), 1e-3f);
    TextToImage others = text("a red apple AND a moon").reading(PromptSyntax.A1111, 0);
    assertFalse(Arrays.equals(latent(others, 1), latent(others.with(ON), 1)));
  }

  @Test
  void windowsArePerturbedEach() {
    TextToImage large =
        new TextToImage("a moon", "", 48, 32, null, 2, new ClassifierFreeGuidance(1, 0), 0);
    StableDiffusionPipeline windowed = pipeline.windowed(32, 16);
    Seed seed = Seed.of(1);
    float[] plain = windowed.generate(large, List.of(seed), Progress.SILENT).getFirst().latent();
    float[] guided =
        windowed.generate(large.with(ON), List.of(seed), Progress.SILENT).getFirst().latent();
    assertFalse(Arrays.equals(plain, guided));
  }

  @Test
  void refusesALayerThatIsNotThere() {
    DiffusionException refusal =
        assertThrows(
            DiffusionException.class,
            () -> latent(text("a moon").with(guidance(3, "down_blocks.2")), 1));
    assertTrue(
        refusal
            .getMessage()
            .endsWith(
                "of which this network has those of down_blocks.0.attentions.0,"
                    + " down_blocks.1.attentions.0, mid_block.attentions.0, up_blocks.1.attentions.0,"
                    + " up_blocks.1.attentions.1, up_blocks.2.attentions.0, up_blocks.2.attentions.1;"
                    + " got down_blocks.2"),
        refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "StableDiffusionPAGPipeline",
        "StableDiffusionPAGImg2ImgPipeline",
        "StableDiffusionPAGInpaintPipeline",
        "StableDiffusionXLPAGPipeline",
        "StableDiffusionXLPAGImg2ImgPipeline",
        "StableDiffusionXLPAGInpaintPipeline"
      })
  void readsTheFolderOfAnyPipelineThatPerturbs(String className, @TempDir Path model)
      throws IOException {
    PipelineFixture.assemble(className.contains("XL") ? "xl" : "image", model);
    Path index = model.resolve(ModelIndex.FILE);
    Files.writeString(
        index,
        Files.readString(index)
            .replaceAll("\"_class_name\": \"\\w+\"", "\"_class_name\": \"" + className + '"'));
    try (DiffusionPipeline loaded = DiffusionPipeline.load(model, TestDevice.get())) {
      assertEquals(
          ExtraChannels.NOTHING,
          assertInstanceOf(StableDiffusionPipeline.class, loaded).extraChannels());
    }
  }

  private static PerturbedAttentionGuidance guidance(double scale, String... layers) {
    return new PerturbedAttentionGuidance(scale, 0, List.of(layers));
  }

  private static TextToImage text(String prompt) {
    return new TextToImage(prompt, "ugly", 32, 32, null, 3, new ClassifierFreeGuidance(4, 0), 0);
  }

  private static float[] latent(TextToImage asked, long seed) {
    return pipeline.generate(asked, List.of(Seed.of(seed)), Progress.SILENT).getFirst().latent();
  }
}
