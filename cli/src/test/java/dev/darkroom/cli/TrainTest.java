package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.image.ImageFormat;
import dev.darkroom.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainTest {
  @TempDir private Path folder;

  @BeforeEach
  void fourPictures() throws IOException {
    Files.createDirectories(folder.resolve("data"));
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      byte[] rgb = new byte[3 * 64 * 64];
      for (int k = 0; k < rgb.length; k++) {
        rgb[k] = (byte) (k * (i + 1) / 7);
      }
      Files.write(
          folder.resolve("data/" + i + ".png"), ImageFormat.PNG.encode(RgbImage.of(64, 64, rgb)));
      lines.add("{\"file_name\": \"%d.png\", \"text\": \"a red apple\"}".formatted(i));
    }
    Files.write(folder.resolve("data/metadata.jsonl"), lines);
  }

  @Test
  void trainsAModelThatGeneratesAtOnce() {
    Path out = folder.resolve("trained");
    Run run = train("--out", out.toString(), "--steps", "2");
    assertEquals(0, run.status(), run.err());
    assertEquals(2, run.lines().getFirst().get("steps").intValue());
    assertEquals(out.toString(), run.lines().getLast().get("model").textValue());
    Run picture =
        Run.of(
            "generate",
            "--model",
            out.toString(),
            "--prompt",
            "a red apple",
            "--steps",
            "1",
            "--out",
            folder.resolve("x.png").toString());
    assertEquals(0, picture.status(), picture.err());
  }

  @Test
  void refusesWhatCannotBeTrained() throws IOException {
    Path out = folder.resolve("trained");
    assertRefused(
        "--recipe",
        Run.of(
            "train",
            "--recipe",
            "magic",
            "--data",
            folder.resolve("data").toString(),
            "--out",
            out.toString()));
    assertRefused("not there yet", train("--out", folder.toString()));
    assertRefused("steps", train("--out", out.toString(), "--steps", "0"));
    Files.writeString(folder.resolve("config.json"), "{\"learning\": 3}");
    assertRefused(
        "learning",
        train("--out", out.toString(), "--config", folder.resolve("config.json").toString()));
    Files.writeString(folder.resolve("data/2.png"), "no picture");
    assertRefused("2.png", train("--out", out.toString()));
    assertFalse(Files.exists(out));
    assertFalse(Files.exists(folder.resolve("trained.training")));
  }

  private Run train(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                "--recipe",
                "latent-diffusion",
                "--data",
                folder.resolve("data").toString(),
                "--model",
                Run.TINY.toString()));
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }

  private static void assertRefused(String reason, Run run) {
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(reason), run.err());
  }
}
