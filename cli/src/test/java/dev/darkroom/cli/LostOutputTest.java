package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.OutputFile;
import dev.darkroom.diffusion.DiffusionException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a command says, and leaves, where its results have nowhere to go. */
class LostOutputTest {
  private static final String TOKENIZER = Run.VOCABULARY.toString();

  @TempDir private Path folder;

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void aFullDiskBehindStandardOutputIsNoSuccess() {
    int status = run(InputStream.nullInputStream(), "inspect", Run.TINY.toString());
    assertEquals(1, status);
    assertSentence("standard output: expected a place that takes what is printed");
  }

  @Test
  void tokenizeEndsWhereNobodyReadsItsAnswers() {
    byte[] line = "\"a red apple\"\n".getBytes(StandardCharsets.UTF_8);
    InputStream endless =
        new InputStream() {
          private int at;

          @Override
          public int read() {
            return line[at++ % line.length];
          }
        };
    int status =
        Assertions.assertTimeoutPreemptively(
            Duration.ofMinutes(1), () -> run(endless, "tokenize", "--tokenizer", TOKENIZER));
    assertEquals(1, status);
    assertSentence("standard output");
  }

  @Test
  void aHeapThatIsTooSmallIsSaidInOneSentence() {
    InputStream greedy =
        new InputStream() {
          @Override
          public int read() {
            throw new OutOfMemoryError("Java heap space");
          }
        };
    assertEquals(1, run(greedy, "tokenize", "--tokenizer", TOKENIZER));
    assertSentence("DARKROOM_HEAP");
  }

  @Test
  void whatCannotBeMovedToItsPlaceLeavesNoPart() throws IOException {
    Path taken = Files.createDirectories(folder.resolve("taken.png"));
    Files.createFile(taken.resolve("inside"));
    assertThrows(DiffusionException.class, () -> OutputFile.write(taken, new byte[10]));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(taken), left.toList());
    }
  }

  @Test
  void aPlaceThatTakesNoFileIsRefusedBeforeTheFirstStep() throws IOException {
    Path file = Files.createFile(folder.resolve("file.png"));
    for (String[] flags :
        new String[][] {
          {"--out", file.resolve("below.png").toString()},
          {"--out", file.resolve("folder/below.png").toString()},
          {"--out", folder.resolve("a.png").toString(), "--save-latents", folder.toString()},
        }) {
      Run refused =
          Run.of(
              Stream.concat(
                      Stream.of("generate", "--model", Run.TINY.toString()),
                      Stream.concat(Stream.of("--prompt", "a", "--steps", "1"), Stream.of(flags)))
                  .toArray(String[]::new));
      assertEquals(2, refused.status());
      assertTrue(refused.err().contains("expected a place that can be written"), refused.err());
      assertFalse(refused.err().contains("step 1"), refused.err());
    }
    assertFalse(Files.exists(folder.resolve("a.png")));
  }

  @Test
  void aPictureIsThereBeforeTheNextIsMade() throws IOException {
    List<Long> there = new ArrayList<>();
    OutputStream counting =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            if (b == '\n') {
              try (Stream<Path> pictures = Files.list(folder)) {
                there.add(pictures.count());
              }
            }
          }
        };
    int status =
        Main.run(
            new Console(
                InputStream.nullInputStream(),
                new PrintStream(counting, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)),
            ("generate --prompt a --steps 1 --num-images 3 --model "
                    + Run.TINY
                    + " --out "
                    + folder)
                .split(" "));
    assertEquals(0, status, err.toString(StandardCharsets.UTF_8));
    assertEquals(List.of(1L, 2L, 3L), there);
  }

  private int run(InputStream in, String... arguments) {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    return Main.run(
        new Console(
            in,
            new PrintStream(full, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8)),
        arguments);
  }

  private void assertSentence(String part) {
    String said = err.toString(StandardCharsets.UTF_8);
    assertEquals(1, said.lines().count(), said);
    assertTrue(said.contains(part), said);
  }
}
