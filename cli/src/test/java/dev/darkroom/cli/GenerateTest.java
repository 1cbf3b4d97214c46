package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.image.ImageFile;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.pipeline.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateTest {
  @TempDir private Path folder;

  @Test
  void writesAPictureAndSaysWhatItIs() throws IOException {
    Path out = folder.resolve("new/apple.png");
    Run run = generate("--out", out.toString(), "--seed", "7");
    assertEquals(0, run.status(), run.err());
    assertEquals(1, run.lines().size());
    JsonNode line = run.lines().getFirst();
    assertEquals(out.toString(), line.get("file").textValue());
    assertEquals(7, line.get("seed").intValue());
    assertEquals(32, line.get("width").intValue());
    assertEquals(3, line.get("steps").intValue());
    assertEquals(64, line.get("sha256").textValue().length());
    for (String figure :
        List.of(
            "load_seconds",
            "encode_seconds",
            "seconds_per_step",
            "decode_seconds",
            "peak_rss_bytes")) {
      assertTrue(line.get(figure).doubleValue() > 0, figure);
    }
    assertEquals(32, ImageFile.decode(Files.readAllBytes(out), 10_000).height());
  }

  @Test
  void guidanceActsInItsPartOfTheRun() throws IOException {
    byte[] whole = bytes(seeded("whole.png"));
    byte[] none = bytes(seeded("none.png", "--guidance-scale", "1"));
    assertFalse(Arrays.equals(whole, none));
    assertArrayEquals(
        whole, bytes(seeded("all.png", "--guidance-start", "0", "--guidance-end", "1")));
    assertArrayEquals(none, bytes(seeded("never.png", "--guidance-end", "0")));
    byte[] late = bytes(seeded("late.png", "--guidance-start", "0.5"));
    assertFalse(Arrays.equals(whole, late));
    assertFalse(Arrays.equals(none, late));

    Run backwards = generate("--out", folder.resolve("x.png").toString(), "--guidance-end", "1.5");
    assertEquals(2, backwards.status());
    assertTrue(backwards.err().contains("guidance interval: expected 0 <= start"), backwards.err());
  }

  @Test
  void perturbedAttentionGuidesTheChosenLayers() throws IOException {
    List<byte[]> pictures = new ArrayList<>();
    for (String options :
        List.of(
            "--pag-scale 0",
            "--pag-scale 3",
            "--pag-scale 3 --pag-adaptive-scale 0.006",
            "--pag-scale 3 --pag-layers mid,up_blocks.1.attentions.0",
            "--pag-scale 3 --guidance-scale 1 --pag-layers down.block_0")) {
      pictures.add(bytes(seeded("x.png", options.split(" "))));
      for (byte[] other : pictures.subList(0, pictures.size() - 1)) {
        assertFalse(Arrays.equals(other, pictures.getLast()), options);
      }
    }
    assertArrayEquals(pictures.getFirst(), bytes(seeded("x.png")));
    assertArrayEquals(
        pictures.get(1), bytes(seeded("x.png", "--pag-scale", "3", "--pag-layers", "mid")));
  }

  @Test
  void manyImagesAreThoseOfTheirOwnSeeds() throws IOException {
    Run together =
        generate(
            "--out",
            folder.resolve("many").toString(),
            "--seed",
            "20",
            "--num-images",
            "3",
            "--batch-size",
            "2");
    assertEquals(0, together.status(), together.err());
    assertEquals(3, together.lines().size());
    for (int i = 0; i < 3; i++) {
      Path alone = folder.resolve(i + ".png");
      generate("--out", alone.toString(), "--seed", Integer.toString(20 + i));
      byte[] expected = ImageFile.decode(Files.readAllBytes(alone), 10_000).toBytes();
      Path file = Path.of(together.lines().get(i).get("file").textValue());
      byte[] actual = ImageFile.decode(Files.readAllBytes(file), 10_000).toBytes();
      for (int k = 0; k < expected.length; k++) {
        assertEquals(expected[k] & 0xff, actual[k] & 0xff, 1, "image " + i);
      }
    }
  }

  @Test
  void adaptersAndControlsChangeThePicture() throws IOException {
    Path adapted = Run.TINY.resolveSibling("variants").resolve("adapted");
    String control = adapted.resolve("control") + "=" + adapted.resolve("edges-1.png");
    String lora = adapted.resolve("subject.safetensors").toString();
    byte[] plain = bytes(seeded("plain.png"));
    byte[] none = bytes(seeded("none.png", "--lora", lora + "@0"));
    assertArrayEquals(plain, none);
    for (List<String> options :
        List.of(
            List.of("--lora", lora + "@0.5"),
            List.of("--control", control + "@0.8,0,0.7"),
            List.of("--control", control, "--guess-mode", "--lora", lora))) {
      byte[] changed = bytes(seeded(options.size() + ".png", options.toArray(String[]::new)));
      assertFalse(Arrays.equals(plain, changed), options.toString());
    }
  }

  @Test
  void aControlNetsPictureSaysTheSize() throws IOException {
    Path adapted = Run.TINY.resolveSibling("variants").resolve("adapted");
    Path photo = Run.TINY.resolveSibling("variants").resolve("odd.png");
    RgbImage picture = ImageFile.decode(Files.readAllBytes(photo), 10_000);
    Run run =
        generate(
            "--out",
            folder.resolve("x.png").toString(),
            "--memory",
            "vae-tiling",
            "--control",
            adapted.resolve("control") + "=canny:" + photo);
    assertEquals(0, run.status(), run.err());
    assertEquals(
        picture.width() / 4 * 4, run.lines().getFirst().get("width").intValue(), run.out());
    assertEquals(picture.height() / 4 * 4, run.lines().getFirst().get("height").intValue());
  }

  @Test
  void memoryModesTogetherMakeTheSamePicture() throws IOException {
    byte[] plain = bytes(seeded("plain.png"));
    byte[] frugal =
        bytes(seeded("frugal.png", "--memory", "model-offload,vae-slicing,attention-slicing"));
    assertArrayEquals(plain, frugal);
  }

  @Test
  void aLoraActsWithModelOffloadAsWithout() throws IOException {
    String lora =
        Run.TINY.resolveSibling("variants").resolve("adapted/subject.safetensors") + "@0.7";
    byte[] plain = bytes(seeded("lora.png", "--lora", lora));
    byte[] frugal = bytes(seeded("frugal-lora.png", "--lora", lora, "--memory", "model-offload"));
    assertArrayEquals(plain, frugal);
    assertFalse(Arrays.equals(plain, bytes(seeded("no-lora.png"))));
  }

  @Test
  void saysWhatItComputedWith() throws IOException {
    assertEquals("float32", dtype(seeded("default.png")));
    String fastest = Precision.fastest(Processor.here()).torchName();
    Run chosen = seeded("auto.png", "--dtype", "auto");
    assertEquals(fastest, dtype(chosen));
    assertTrue(chosen.err().contains(fastest), chosen.err());
  }

  private static String dtype(Run run) {
    assertEquals(0, run.status(), run.err());
    return run.lines().getFirst().get("dtype").textValue();
  }

  private Run seeded(String name, String... options) {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("--seed", "4", "--out", folder.resolve(name).toString()));
    return generate(arguments.toArray(String[]::new));
  }

  private static byte[] bytes(Run run) throws IOException {
    assertEquals(0, run.status(), run.err());
    return Files.readAllBytes(Path.of(run.lines().getFirst().get("file").textValue()));
  }

  @Test
  void savedLatentsAreAnArrayOfNumPy() throws IOException {
    Path latents = folder.resolve("latents.npy");
    Run run =
        generate("--out", folder.resolve("x.png").toString(), "--save-latents", latents.toString());
    assertEquals(0, run.status(), run.err());
    byte[] bytes = Files.readAllBytes(latents);
    assertEquals(128 + 4 * 256, bytes.length);
    String header =
        new String(Arrays.copyOfRange(bytes, 10, 128), java.nio.charset.StandardCharsets.US_ASCII);
    assertTrue(
        header.startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4, 8, 8), }"),
        header);
  }

  @Test
  void givenLatentsTakeThePlaceOfTheSeedsNoise() throws IOException {
    // The final latents of one run are as good a start as any, and of the right shape.
    Path latents = folder.resolve("latents.npy");
    generate("--out", folder.resolve("a.png").toString(), "--save-latents", latents.toString());
    generate(
        "--out",
        folder.resolve("b.png").toString(),
        "--latents",
        latents.toString(),
        "--seed",
        "1");
    generate(
        "--out",
        folder.resolve("c.png").toString(),
        "--latents",
        latents.toString(),
        "--seed",
        "2");
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("b.png")), Files.readAllBytes(folder.resolve("c.png")));
    Run two =
        generate(
            "--out",
            folder.resolve("many").toString(),
            "--latents",
            latents.toString(),
            "--num-images",
            "2");
    assertEquals(2, two.status());
    assertTrue(two.err().contains("[2, 4, 8, 8]"), two.err());
  }

  @Test
  void formatsGoByTheFileName() throws IOException {
    for (String name : List.of("a.jpg", "a.webp", "a.png")) {
      Path out = folder.resolve(name);
      assertEquals(0, generate("--out", out.toString()).status());
      assertEquals(32, ImageFile.decode(Files.readAllBytes(out), 10_000).width(), name);
    }
  }

  @Test
  void aModelWithClipReadsPromptsInTheirDialects() {
    Path model = folder.resolve("model");
    Run.copy(Run.TINY.resolveSibling("clip"), model);
    Run.copy(Run.TINY.resolve("unet"), model.resolve("unet"));
    Run.copy(Run.TINY.resolve("vae"), model.resolve("vae"));
    List<String> hashes = new ArrayList<>();
    for (List<String> flags :
        List.of(
            List.of("--prompt-syntax", "plain"),
            List.of("--prompt-syntax", "a1111"),
            List.of("--prompt-syntax", "comfy"),
            List.of("--clip-skip", "1"),
            List.of(
                "--embedding", Run.TINY.resolveSibling("clip-things.safetensors").toString()))) {
      List<String> arguments =
          new ArrayList<>(
              List.of("generate", "--model", model.toString(), "--seed", "1", "--steps", "2"));
      arguments.addAll(List.of("--prompt", "a ((red)) [apple] of <thing>"));
      arguments.addAll(List.of("--out", folder.resolve("x.png").toString()));
      arguments.addAll(flags);
      Run run = Run.of(arguments.toArray(String[]::new));
      assertEquals(0, run.status(), run.err());
      hashes.add(run.lines().getFirst().get("sha256").textValue());
    }
    assertEquals(5, hashes.stream().distinct().count(), hashes.toString());
    Run bad = generate("--out", folder.resolve("x.png").toString(), "--prompt-syntax", "loud");
    assertEquals(2, bad.status());
    assertTrue(bad.err().contains("plain, a1111 or comfy"), bad.err());
  }

  @Test
  void aSingleFileMakesThePicturesOfItsFolder() {
    Path model = folder.resolve("model");
    Run.copy(Run.TINY.resolveSibling("clip"), model);
    Run.copy(Run.TINY.resolve("unet"), model.resolve("unet"));
    Run.copy(Run.TINY.resolve("vae"), model.resolve("vae"));
    Path file = folder.resolve("model.safetensors");
    assertEquals(
        0,
        Run.of("convert", model.toString(), "--out", file.toString(), "--family", "sd1").status());
    String expected = sha256("--model", model.toString());
    // The U-Net's layout is that of Stable Diffusion 2: the family has to be said.
    assertEquals(
        expected,
        sha256("--model", file.toString(), "--config", model.toString(), "--family", "sd1"));
    Run detected = generate("--model", file.toString(), "--out", folder.resolve("x").toString());
    assertEquals(2, detected.status());
  }

  @Test
  void anotherAutoencoderTakesTheModelsPlace() {
    Path vae = Run.TINY.resolve("vae");
    Path file = folder.resolve("vae.safetensors");
    assertEquals(0, Run.of("convert", vae.toString(), "--out", file.toString()).status());
    Path model = folder.resolve("model");
    Run.copy(Run.TINY, model);
    String expected = sha256("--model", model.toString());
    Run.remove(model.resolve("vae"));
    for (Path path : List.of(vae, Run.TINY)) {
      assertEquals(expected, sha256("--model", model.toString(), "--vae", path.toString()));
    }
    assertEquals(
        expected,
        sha256(
            "--model",
            model.toString(),
            "--vae",
            file.toString(),
            "--config",
            Run.TINY.toString()));
  }

  private String sha256(String... more) {
    List<String> arguments = new ArrayList<>(List.of(more));
    arguments.addAll(List.of("--out", folder.resolve("x.png").toString(), "--seed", "1"));
    Run run = generate(arguments.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    return run.lines().getFirst().get("sha256").textValue();
  }

  @Test
  void helpIsThereOnEveryLevel() {
    for (String command : List.of("", "generate", "forward", "tokenize", "inspect", "convert")) {
      Run run = command.isEmpty() ? Run.of("--help") : Run.of(command, "--help");
      assertEquals(0, run.status());
      assertTrue(run.out().contains("Usage: darkroom"), run.out());
    }
  }

  private static Run generate(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("generate", "--prompt", "a red apple", "--steps", "3"));
    if (!List.of(more).contains("--model")) {
      arguments.addAll(List.of("--model", Run.TINY.toString()));
    }
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }
}
