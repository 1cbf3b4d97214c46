package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bad input ends with status 2 and one sentence, and leaves nothing behind. */
class BadInputTest {
  @TempDir private Path folder;

  @Test
  void arguments() throws IOException {
    assertRefused("ddim", "--scheduler", "euler-z");
    assertRefused("multiples of 4", "--width", "30");
    assertRefused("8192", "--height", "100000000");
    assertRefused("--steps", "--steps", "0");
    assertRefused("1000", "--steps", "1001");
    assertRefused("--steps", "--steps", "many");
    assertRefused("guidance", "--guidance-scale", "NaN");
    assertRefused("eta", "--eta", "2", "--scheduler", "ddim");
    assertRefused("eta: expected 0 to 1, got NaN", "--eta", "NaN", "--scheduler", "euler");
    assertRefused("crop: expected at least 0", "--crop-left", "-1");
    assertRefused("aesthetic score: expected -100", "--aesthetic-score", "NaN");
    assertRefused("negative aesthetic", "--negative-aesthetic-score", "1e300");
    assertRefused("perturbed attention scale: expected 0 to 1000, got -1", "--pag-scale", "-1");
    assertRefused("adaptive scale: expected 0", "--pag-scale", "3", "--pag-adaptive-scale", "-0.1");
    assertRefused("expected a --pag-scale above 0", "--pag-layers", "mid");
    assertRefused("expected a --pag-scale above 0", "--pag-adaptive-scale", "0.1");
    assertRefused(
        "has those of down_blocks.0.attentions.0, mid_block.attentions.0, up_blocks.1.attentions.0,"
            + " up_blocks.1.attentions.1; got down_blocks.1",
        "--pag-scale",
        "3",
        "--pag-layers",
        "mid,down_blocks.1");
    assertRefused("Unclosed group", "--pag-scale", "3", "--pag-layers", "mid(");
    assertRefused("threads: expected 1 to 1024, got 100000", "--threads", "100000");
    assertRefused("GPU", "--dtype", "float16");
    assertRefused("expected cpu, gpu or gpu:N, got tpu", "--device", "tpu");
    assertRefused("GPUs, got gpu(9999)", "--device", "gpu:9999");
    assertRefused("dtype", "--dtype", "half");
    assertRefused("--num-images", "--num-images", "0");
    assertRefused("folder for 2 images", "--num-images", "2");
    assertRefused("--prediction-type", "--prediction-type", "noise");
    assertRefused("--lora", "--lora", "x.safetensors");
    String control = Run.TINY.resolveSibling("variants").resolve("adapted/control").toString();
    String picture = Run.TINY.resolveSibling("variants").resolve("picture.png").toString();
    assertRefused("DIR=IMAGE", "--control", control);
    assertRefused("found none", "--control", control + "=" + folder.resolve("absent.png"));
    assertRefused("start < end", "--control", control + "=" + picture + "@1,0.5,0.5");
    assertRefused("no such file", "--control", folder.resolve("absent") + "=" + picture);
    assertRefused("--control", "--guess-mode");
    assertRefused("vae-tiling", "--memory", "little");
    assertRefused("model-offload", "--memory", "vae-tiling,");
    assertRefused("nothing at", "--model", folder.resolve("absent").toString());
  }

  @Test
  void filesThatAreNoModels() throws IOException {
    byte[] weights =
        Files.readAllBytes(Run.TINY.resolve("vae/diffusion_pytorch_model.safetensors"));
    assertRefused(
        "truncated",
        "--model",
        file("cut.safetensors", Arrays.copyOf(weights, weights.length / 2)));
    assertRefused(
        "web page", "--model", file("page.safetensors", text("<!DOCTYPE html><html></html>")));
    assertRefused(
        "git-lfs",
        "--model",
        file(
            "pointer.safetensors",
            text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")));
    assertRefused(
        "truncated",
        "--model",
        file("zipped.ckpt", text("PK\003\004 the start of a file of PyTorch, and no more")));
    assertRefused(
        "asks for posix.system, which is code",
        "--model",
        file("code.ckpt", text("\u0080\002cposix\nsystem\nX\004\000\000\000true\u0085R.")));
    assertRefused("known family", "--model", file("whole.safetensors", weights));
    assertRefused("152 more", "--family", "sd1", "--model", file("b.safetensors", weights));
    assertRefused("says what it is", "--family", "sd1");
    assertRefused("sd1-inpaint", "--family", "sd9");
    assertRefused("nothing at", "--vae", folder.resolve("absent").toString());
    assertRefused("known family", "--vae", file("no-vae.safetensors", weights));
    assertRefused("8 bytes", "--model", file("empty.safetensors", new byte[0]));
  }

  @Test
  void foldersThatAreNoModels() throws IOException {
    Path model = folder.resolve("model");
    Files.createDirectories(model);
    assertRefused("model_index.json", "--model", model.toString());
    Run.copy(Run.TINY, model);
    Path weights = model.resolve("unet/diffusion_pytorch_model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(whole, whole.length - 1));
    assertRefused("unet", "--model", model.toString());
    Files.write(weights, text("version https://git-lfs.github.com/spec/v1\n"));
    assertRefused("git-lfs", "--model", model.toString());
    Files.write(weights, whole);
    Path config = model.resolve("unet/config.json");
    Files.writeString(
        config, Files.readString(config).replace("\"act_fn\": \"silu\"", "\"act_fn\": \"tanh\""));
    assertRefused("act_fn", "--model", model.toString());
  }

  @Test
  void latentsOfAnotherShape() throws IOException {
    assertRefused("NumPy", "--latents", file("text.npy", text("not an array at all")));
    assertRefused("NumPy", "--latents", file("empty.npy", new byte[0]));
    assertRefused("at most", "--latents", folder.resolve("absent.npy").toString());
  }

  @Test
  void otherCommands() {
    for (String[] arguments :
        List.of(
            new String[] {"inspect", folder.resolve("absent").toString()},
            new String[] {"inspect", folder.toString()},
            new String[] {
              "convert", Run.TINY.toString(), "--out", folder.toString(), "--dtype", "float16"
            },
            new String[] {
              "convert",
              Run.TINY.toString(),
              "--out",
              folder.resolve("x").toString(),
              "--dtype",
              "int8"
            },
            new String[] {
              "convert",
              Run.TINY.toString(),
              "--out",
              folder.resolve("x.safetensors").toString(),
              "--dtype",
              "float16"
            },
            new String[] {"tokenize", "--tokenizer", folder.toString()},
            new String[] {
              "tokenize", "--tokenizer", Run.VOCABULARY.toString(), "--max-length", "1"
            },
            new String[] {
              "forward",
              folder.resolve("absent").toString(),
              "--out",
              folder.resolve("x").toString()
            },
            new String[] {"forward", "--out", folder.resolve("x").toString()},
            new String[] {"dance"})) {
      assertOneSentence(Run.of(arguments), String.join(" ", arguments));
    }
    assertOneSentence(
        Run.withInput("not json\n", "tokenize", "--tokenizer", Run.VOCABULARY.toString()),
        "tokenize");
  }

  private void assertRefused(String reason, String... more) throws IOException {
    Path out = folder.resolve("out/picture.png");
    List<String> arguments =
        new ArrayList<>(
            List.of("generate", "--prompt", "x", "--seed", "1", "--out", out.toString()));
    if (!List.of(more).contains("--steps")) {
      arguments.addAll(List.of("--steps", "1"));
    }
    if (!List.of(more).contains("--model")) {
      arguments.addAll(List.of("--model", Run.TINY.toString()));
    }
    arguments.addAll(List.of(more));
    Run run = Run.of(arguments.toArray(String[]::new));
    assertOneSentence(run, String.join(" ", more));
    assertTrue(run.err().contains(reason), run.err());
    assertFalse(
        Files.exists(out.getParent()), "something was written for " + Arrays.toString(more));
    try (Stream<Path> left = Files.walk(folder)) {
      assertTrue(left.noneMatch(path -> path.toString().endsWith(".part")));
    }
  }

  private static void assertOneSentence(Run run, String what) {
    assertEquals(2, run.status(), what + ": " + run.err());
    assertEquals("", run.out(), what);
    assertEquals(1, run.err().lines().count(), what + ": " + run.err());
  }

  private String file(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes).toString();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
