package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.sampler.SamplerType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Pictures from pictures, against what tiny_pipelines.py wrote. */
class PicturePipelinesTest {
  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> imageToImageGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("image");
  }

  @TestFactory
  Stream<DynamicTest> blendedInpaintingGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("blended");
  }

  @TestFactory
  Stream<DynamicTest> inpaintingGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("inpaint");
  }

  @TestFactory
  Stream<DynamicTest> editingGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("edit");
  }

  @TestFactory
  Stream<DynamicTest> depthToImageGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("depth");
  }

  @TestFactory
  Stream<DynamicTest> upscalingGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("upscale");
  }

  @TestFactory
  Stream<DynamicTest> doublingGivesThePicturesOfDiffusers() {
    return givesThePicturesOfDiffusers("double");
  }

  private Stream<DynamicTest> givesThePicturesOfDiffusers(String kind) {
    PipelineFixture fixture = PipelineFixture.open(kind, folder);
    return fixture.tests(
        (asked, index) ->
            fixture.generate(request(kind, asked), Seed.of(asked.get("seed").longValue())));
  }

  private static Request request(String kind, JsonNode asked) {
    RgbImage image = PipelineFixture.picture(asked.get("image").textValue());
    double strength = asked.path("strength").asDouble(1);
    return switch (kind) {
      case "image" -> new Request.ImageToImage(text(asked, image, 1), image, strength);
      case "blended", "inpaint" ->
          new Request.Inpainting(
              text(asked, null, 1),
              image,
              PipelineFixture.picture(asked.get("mask").textValue()),
              strength,
              asked.has("padding_mask_crop"),
              PipelineFixture.maskPadding(asked));
      case "edit" ->
          new Request.InstructPix2Pix(
              text(asked, image, 1), image, asked.get("image_guidance_scale").doubleValue());
      case "depth" ->
          new Request.DepthToImage(
              text(asked, image, 1),
              image,
              PipelineFixture.picture(asked.get("depth").textValue()),
              strength);
      case "double" -> new Request.LatentUpscaling(text(asked, image, 2), image);
      default ->
          new Request.Upscaling(text(asked, image, 4), image, asked.get("noise_level").intValue());
    };
  }

  /**
   * @param image that says the size, or null for what the case says
   */
  private static TextToImage text(JsonNode asked, @Nullable RgbImage image, int times) {
    return new TextToImage(
        asked.get("prompt").textValue(),
        asked.get("negative_prompt").textValue(),
        image == null ? asked.path("width").asInt(32) : image.width() / 4 * 4 * times,
        image == null ? asked.path("height").asInt(32) : image.height() / 4 * 4 * times,
        asked.has("scheduler") ? SamplerType.parse(asked.get("scheduler").textValue()) : null,
        asked.get("steps").intValue(),
        new ClassifierFreeGuidance(asked.get("guidance_scale").doubleValue(), 0),
        asked.path("eta").asDouble(0));
  }

  /** XL's pipeline alone rescales the guidance of an edit. */
  @Test
  void rescaledGuidanceOfAnEditIsForXl() {
    RgbImage picture = PipelineFixture.picture("picture");
    TextToImage text =
        new TextToImage("a", "", 32, 32, null, 2, new ClassifierFreeGuidance(5, 0.7), 0);
    try (PipelineFixture fixture = PipelineFixture.open("edit", folder)) {
      DiffusionException refused =
          assertThrows(
              DiffusionException.class,
              () -> fixture.generate(new Request.InstructPix2Pix(text, picture, 1.5), Seed.of(1)));
      assertEquals(
          "guidance rescale: expected 0 for a model that edits pictures and is not Stable Diffusion XL, got 0.7",
          refused.getMessage());
    }
  }

  @Test
  void whatTheMaskLeavesStaysByteForByte() {
    RgbImage picture = PipelineFixture.picture("picture");
    RgbImage mask = PipelineFixture.picture("mask");
    Mask painted = Mask.of(mask);
    for (String kind : List.of("blended", "inpaint")) {
      try (PipelineFixture fixture = PipelineFixture.open(kind, folder)) {
        Request.Inpainting request =
            new Request.Inpainting(text(32, 32, 3), picture, mask, 1, true);
        byte[] made = fixture.generate(request, Seed.of(1)).image().toBytes();
        byte[] original = picture.toBytes();
        boolean changed = false;
        for (int i = 0; i < made.length; i++) {
          if (painted.painted()[i / 3]) {
            changed |= made[i] != original[i];
          } else {
            assertEquals(original[i], made[i], kind + ": value " + i);
          }
        }
        assertTrue(changed, kind);
      }
    }
  }

  @Test
  void aPaintedPartStaysWithinTheMaskAtThePicturesSize() {
    RgbImage picture = PipelineFixture.picture("odd");
    RgbImage mask = PipelineFixture.picture("spot");
    int[] gray = mask.toGray();
    byte[] original = picture.toBytes();
    for (String kind : List.of("blended", "inpaint", "xl", "xl-inpaint")) {
      try (PipelineFixture fixture = PipelineFixture.open(kind, folder.resolve(kind))) {
        Request.Inpainting request =
            new Request.Inpainting(text(32, 32, 3), picture, mask, 1, true, 4);
        RgbImage made = fixture.generate(request, Seed.of(1)).image();
        assertEquals(45, made.width());
        assertEquals(37, made.height());
        byte[] rgb = made.toBytes();
        boolean changed = false;
        for (int i = 0; i < rgb.length; i++) {
          if (gray[i / 3] == 0) {
            assertEquals(original[i], rgb[i], kind + ": value " + i);
          } else {
            changed |= rgb[i] != original[i];
          }
        }
        assertTrue(changed, kind);
      }
    }
  }

  @Test
  void refusesACropThatMakesNoSense() {
    RgbImage picture = PipelineFixture.picture("odd");
    RgbImage mask = PipelineFixture.picture("spot");
    RgbImage other = PipelineFixture.picture("mask");
    TextToImage text = text(32, 32, 3);
    assertRefused(
        "mask padding: expected 0 to 8192 pixels, got -1",
        () -> new Request.Inpainting(text, picture, mask, 1, true, -1));
    assertRefused(
        "mask padding: expected none where nothing is pasted back, got 4",
        () -> new Request.Inpainting(text, picture, mask, 1, false, 4));
    assertRefused(
        "mask: expected the picture's size 45 x 37 where the picture is cropped by it, got 32 x 32",
        () -> new Request.Inpainting(text, picture, other, 1, true, 4));
    RgbImage black = RgbImage.of(45, 37, new byte[3 * 45 * 37]);
    try (PipelineFixture fixture = PipelineFixture.open("blended", folder)) {
      assertRefused("white", fixture, new Request.Inpainting(text, picture, black, 1, true, 4));
    }
  }

  @Test
  void aLargerCanvasKeepsThePictureInItsPlace() {
    RgbImage picture = PipelineFixture.picture("picture");
    Canvas canvas = Canvas.around(picture, null, new Canvas.Padding(4, 8, 12, 0));
    assertEquals(48, canvas.image().width());
    assertEquals(40, canvas.image().height());
    try (PipelineFixture fixture = PipelineFixture.open("blended", folder)) {
      GeneratedImage made =
          fixture.generate(
              new Request.Inpainting(text(48, 40, 3), canvas.image(), canvas.mask(), 1, true),
              Seed.of(1));
      for (int y = 0; y < 32; y++) {
        assertArrayEquals(
            Arrays.copyOfRange(picture.toBytes(), 3 * 32 * y, 3 * 32 * (y + 1)),
            Arrays.copyOfRange(
                made.image().toBytes(), 3 * (48 * (y + 8) + 4), 3 * (48 * (y + 8) + 36)),
            "row " + y);
      }
    }
  }

  @Test
  void aPictureDoesNotDependOnItsNeighbours() {
    RgbImage picture = PipelineFixture.picture("picture");
    RgbImage mask = PipelineFixture.picture("mask");
    try (PipelineFixture fixture = PipelineFixture.open("inpaint", folder)) {
      Request request = new Request.Inpainting(text(32, 32, 3), picture, mask, 0.7, false);
      List<GeneratedImage> together =
          ((StableDiffusionPipeline) fixture.pipeline())
              .generate(request, List.of(Seed.of(1), Seed.of(2)), Progress.SILENT);
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(
            fixture.generate(request, Seed.of(1 + i)).latent(),
            together.get(i).latent(),
            "image " + i);
      }
      assertFalse(Arrays.equals(together.get(0).latent(), together.get(1).latent()));
    }
  }

  @Test
  void refusesWhatAModelIsNotFor() {
    RgbImage picture = PipelineFixture.picture("picture");
    TextToImage text = text(32, 32, 3);
    try (PipelineFixture fixture = PipelineFixture.open("inpaint", folder)) {
      assertRefused("for text to image, got one for inpainting", fixture, text);
      assertRefused(
          "for editing by instruction", fixture, new Request.InstructPix2Pix(text, picture, 1.5));
      RgbImage black = RgbImage.of(8, 8, new byte[3 * 64]);
      assertRefused("white", fixture, new Request.Inpainting(text, picture, black, 1, true));
    }
    try (PipelineFixture fixture = PipelineFixture.open("image", folder.resolve("image"))) {
      for (double strength : new double[] {0, 1.1, Double.NaN, 0.1}) {
        assertRefused("strength", fixture, new Request.ImageToImage(text, picture, strength));
      }
    }
    try (PipelineFixture fixture = PipelineFixture.open("upscale", folder.resolve("upscale"))) {
      assertRefused("0 to 50, got 51", fixture, new Request.Upscaling(text, picture, 51));
    }
    try (PipelineFixture fixture = PipelineFixture.open("depth", folder.resolve("depth"))) {
      RgbImage flat = RgbImage.of(8, 8, new byte[3 * 64]);
      assertRefused("flat", fixture, new Request.DepthToImage(text, picture, flat, 1));
    }
  }

  private static void assertRefused(String reason, PipelineFixture fixture, Request request) {
    assertRefused(reason, () -> fixture.generate(request, Seed.of(1)));
  }

  private static void assertRefused(String reason, Executable asking) {
    DiffusionException refusal = assertThrows(DiffusionException.class, asking);
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  private static TextToImage text(int width, int height, int steps) {
    return new TextToImage(
        "a red apple", "", width, height, null, steps, new ClassifierFreeGuidance(5, 0), 0);
  }
}
