package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.image.ImageFile;
import dev.darkroom.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each kind of model and of request, and what the flags refuse. */
class GenerateKindsTest {
  private static final Path VARIANTS = Run.TINY.resolveSibling("variants");

  @TempDir private Path folder;

  @Test
  void eachKindOfModelTakesItsPictures() throws IOException {
    assertMakes(32, 32, "image", "--image", picture("picture"), "--strength", "0.5");
    assertMakes(44, 36, "image", "--image", picture("odd"));
    assertMakes(32, 32, "image", "--image", picture("odd"), "--mask-image", picture("mask"));
    assertMakes(32, 32, "inpaint", "--image", picture("odd"), "--mask-image", picture("mask"));
    for (String kind : List.of("image", "inpaint")) {
      String mask = picture("spot");
      assertMakes(
          45,
          37,
          kind,
          "--image",
          picture("odd"),
          "--mask-image",
          mask,
          "--padding-mask-crop",
          "4");
    }
    assertMakes(44, 36, "edit", "--image", picture("odd"), "--image-guidance-scale", "1.2");
    assertMakes(44, 36, "xl-edit", "--image", picture("odd"));
    assertMakes(32, 32, "depth", "--image", picture("picture"), "--depth-image", picture("depth"));
    assertMakes(48, 32, "upscale", "--image", picture("small"), "--noise-level", "10");
    assertMakes(24, 16, "double", "--image", picture("small"));
  }

  @Test
  void paddingPaintsAroundThePicture() throws IOException {
    for (String kind : List.of("image", "inpaint")) {
      RgbImage made =
          assertMakes(
              48, 36, kind, "--image", picture("picture"), "--pad-right", "16", "--pad-top", "4");
      RgbImage original =
          ImageFile.decode(Files.readAllBytes(VARIANTS.resolve("picture.png")), 10_000);
      for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 3 * 32; x++) {
          assertEquals(
              original.toBytes()[3 * 32 * y + x], made.toBytes()[3 * 48 * (y + 4) + x], kind);
        }
      }
    }
  }

  @Test
  void aRefinerTakesOverFromTheBase() throws IOException {
    String latents = folder.resolve("latents.npy").toString();
    assertMakes(32, 32, "xl", "--denoising-end", "0.6", "--save-latents", latents);
    assertMakes(32, 32, "refiner", "--denoising-start", "0.6", "--latents", latents);
    assertMakes(32, 32, "refiner", "--image", picture("picture"), "--strength", "0.4");
    assertMakes(
        32,
        32,
        "xl",
        "--negative-prompt",
        "ugly",
        "--negative-prompt-2",
        "blurry",
        "--prompt-2",
        "a moon",
        "--original-size",
        "64x48",
        "--crop-top",
        "3");
    assertMakes(32, 32, "consistency", "--original-inference-steps", "30");
    assertRefused("that another model ended with", "refiner", "--denoising-start", "0.6");
    assertRefused(
        "leave out one of them",
        "refiner",
        "--denoising-start",
        "0.6",
        "--latents",
        latents,
        "--image",
        picture("picture"));
    assertRefused("a negative prompt with it", "xl", "--negative-prompt-2", "a moon");
    assertRefused("1024x1024, got 64", "xl", "--original-size", "64");
    assertRefused("second prompt", "image", "--prompt-2", "a moon");
    assertRefused("original_inference_steps", "xl", "--original-inference-steps", "30");
  }

  @Test
  void largePicturesAreDenoisedThroughWindows() throws IOException {
    RgbImage whole = assertMakes(64, 48, "image", "--width", "64", "--height", "48");
    RgbImage parts =
        assertMakes(64, 48, "image", "--width", "64", "--height", "48", "--window", "32");
    assertNotEquals(whole, parts);
    assertRefused("multiples of 4", "image", "--window", "30");
    assertRefused("expected a --window with it", "image", "--window-overlap", "8");
  }

  @Test
  void aLatentUpscalerIsAFolderAlone() {
    String model = model("double").toString();
    Run inspected = Run.of("inspect", model);
    assertEquals(0, inspected.status(), inspected.err());
    assertEquals("latent-upscaler", inspected.lines().getFirst().get("family").textValue());
    assertRefused(
        "which have single files, got a StableDiffusionLatentUpscalePipeline",
        Run.of("convert", model, "--out", folder.resolve("double.safetensors").toString()));
  }

  @Test
  void refusesWhatAModelDoesNotTake() {
    assertRefused("--image: expected a picture", "edit");
    assertRefused("--mask-image", "inpaint", "--image", picture("picture"));
    assertRefused("--depth-image", "depth", "--image", picture("picture"));
    assertRefused("--strength", "edit", "--image", picture("picture"), "--strength", "0.5");
    assertRefused(
        "guidance interval", "edit", "--image", picture("picture"), "--guidance-end", "0.5");
    assertRefused(
        "perturbed attention scale: expected 0 for a model that edits pictures, got 3",
        "edit",
        "--image",
        picture("picture"),
        "--pag-scale",
        "3");
    assertRefused("--noise-level", "image", "--image", picture("picture"), "--noise-level", "1");
    assertRefused("--noise-level", "double", "--image", picture("small"), "--noise-level", "1");
    assertRefused("--image: expected a picture", "double");
    assertRefused("multiples of 8", "double", "--image", picture("small"), "--width", "28");
    assertRefused(
        "expected sides that are multiples of 2, from 4 on",
        "double",
        "--image",
        picture("small"),
        "--width",
        "8",
        "--height",
        "8");
    assertRefused(
        "expected one of [lms", "double", "--image", picture("small"), "--scheduler", "dpmpp-2m");
    assertRefused(
        "prediction type: expected sample",
        "double",
        "--image",
        picture("small"),
        "--prediction-type",
        "epsilon");
    assertRefused("--strength", "image", "--strength", "0.5");
    assertRefused("strength", "image", "--image", picture("picture"), "--strength", "2");
    assertRefused("found none", "image", "--image", folder.resolve("absent.png").toString());
    assertRefused(
        "padding says the size",
        "image",
        "--image",
        picture("picture"),
        "--pad-left",
        "8",
        "--width",
        "64");
    assertRefused("padding", "image", "--image", picture("picture"), "--pad-left", "-8");
  }

  @Test
  void refusesToCropWhereThereIsNothingToCrop() {
    String image = picture("odd");
    String spot = picture("spot");
    String crop = "--padding-mask-crop";
    assertRefused(crop + ": expected none with no --image", "image", crop, "4");
    assertRefused(
        crop + ": expected none with no --mask-image", "image", "--image", image, crop, "4");
    assertRefused(
        crop + ": expected none with --pad-...",
        "inpaint",
        "--image",
        image,
        "--mask-image",
        spot,
        "--pad-left",
        "7",
        crop,
        "4");
    assertRefused(
        crop + ": expected none with a model for editing", "edit", "--image", image, crop, "4");
    for (String padding : List.of("-1", "8193")) {
      assertRefused(
          "mask padding: expected 0 to 8192 pixels, got " + padding,
          "image",
          "--image",
          image,
          "--mask-image",
          spot,
          crop,
          padding);
    }
    assertRefused(
        "nothing is pasted back",
        "image",
        "--image",
        image,
        "--mask-image",
        spot,
        "--no-paste-back",
        crop,
        "4");
    assertRefused(
        "mask: expected the picture's size 45 x 37",
        "image",
        "--image",
        image,
        "--mask-image",
        picture("mask"),
        crop,
        "4");
  }

  @Test
  void aModelThatReadsNoTextTakesNoPrompt() throws IOException {
    for (String kind : List.of("latents", "pixels", "implicit")) {
      Path out = folder.resolve(kind + ".png");
      Run run = generateUnprompted(kind, "--steps", "2", "--out", out.toString());
      assertEquals(0, run.status(), run.err());
      RgbImage made = ImageFile.decode(Files.readAllBytes(out), 10_000);
      assertEquals(run.lines().getFirst().get("width").intValue(), made.width());
    }
    String out = folder.resolve("class.png").toString();
    Run run =
        generateUnprompted(
            "classes", "--class", "2", "--guidance-scale", "3", "--steps", "2", "--out", out);
    assertEquals(0, run.status(), run.err());
    assertRefused(
        "--prompt: expected none for a model that is not conditioned on a text",
        generateUnprompted("classes", "--prompt", "an apple", "--out", out));
    assertRefused(
        "--pag-scale: expected none",
        generateUnprompted("classes", "--pag-scale", "3", "--out", out));
    assertRefused(
        "--mask-image: expected none",
        generateUnprompted("classes", "--mask-image", "m.png", "--out", out));
    assertRefused(
        "class: expected 0 to 4", generateUnprompted("classes", "--steps", "2", "--out", out));
    assertRefused("--class: expected none", "image", "--class", "1");
    assertRefused(
        "--prompt: expected a text",
        Run.of("generate", "--model", folder.resolve("image").toString(), "--out", out));
  }

  private Run generateUnprompted(String kind, String... flags) {
    Path model = folder.resolve("unprompted-" + kind);
    if (!Files.exists(model)) {
      Run.copy(Run.TINY.resolveSibling("unconditional").resolve(kind), model);
      if (kind.equals("classes")) {
        Run.copy(Run.TINY.resolve("vae"), model.resolve("vae"));
      }
    }
    List<String> arguments = new ArrayList<>(List.of("generate", "--model", model.toString()));
    arguments.addAll(List.of(flags));
    return Run.of(arguments.toArray(String[]::new));
  }

  private RgbImage assertMakes(int width, int height, String kind, String... flags)
      throws IOException {
    Path out = folder.resolve("out.png");
    Run run = generate(kind, out, flags);
    assertEquals(0, run.status(), run.err());
    JsonNode line = run.lines().getFirst();
    assertEquals(width, line.get("width").intValue());
    assertEquals(height, line.get("height").intValue());
    RgbImage made = ImageFile.decode(Files.readAllBytes(out), 10_000);
    assertEquals(width, made.width());
    assertEquals(height, made.height());
    return made;
  }

  private void assertRefused(String reason, String kind, String... flags) {
    assertRefused(reason, generate(kind, folder.resolve("out.png"), flags));
  }

  private static void assertRefused(String reason, Run run) {
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(reason), run.err());
  }

  private Run generate(String kind, Path out, String... flags) {
    Path model = model(kind);
    List<String> arguments =
        new ArrayList<>(
            List.of("generate", "--model", model.toString(), "--prompt", "a red apple"));
    arguments.addAll(List.of("--steps", "3", "--seed", "1", "--out", out.toString()));
    arguments.addAll(List.of(flags));
    return Run.of(arguments.toArray(String[]::new));
  }

  private Path model(String kind) {
    Path model = folder.resolve(kind);
    if (!Files.exists(model)) {
      Run.copy(Run.TINY.resolveSibling("clip"), model);
      for (String part : List.of("unet", "vae")) {
        Run.copy(Run.TINY.resolve(part), model.resolve(part));
      }
      if (kind.equals("refiner") || kind.startsWith("xl-")) {
        Run.copy(VARIANTS.resolve("xl"), model);
      }
      Run.copy(VARIANTS.resolve(kind), model);
    }
    return model;
  }

  private static String picture(String name) {
    return VARIANTS.resolve(name + ".png").toString();
  }
}
