package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RehearseTest {
  @Test
  void makesPicturesFromASingleFileAndFromAFolderAndLeavesNothing() {
    Run run = Run.of("rehearse", "--model", Run.TINY.toString());
    assertEquals(0, run.status(), run.err());
    assertEquals(
        2, run.lines().stream().filter(line -> line.hasNonNull("seed")).count(), run.out());
    assertEquals("sd1", run.lines().get(1).path("family").textValue(), run.out());
    Path picture = Path.of(run.lines().getLast().path("file").textValue());
    assertTrue(Files.notExists(picture.getParent()), run.out());
  }

  @Test
  void saysWhenAPartOfItFailed() {
    Run run = Run.of("rehearse", "--model", "/nowhere");
    assertEquals(1, run.status());
    assertTrue(run.err().contains("found nothing at /nowhere"), run.err());
  }
}
