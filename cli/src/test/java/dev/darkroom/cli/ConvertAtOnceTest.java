package dev.darkroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** Several commands that write one place at once: the first to end has it, and it is whole. */
class ConvertAtOnceTest {
  private static final int COMMANDS = 4;

  @TempDir private Path folder;

  @RepeatedTest(3)
  void oneModelArrivesWholeAndTheOthersAreTold() throws Exception {
    Path out = folder.resolve("below/model");
    List<Run> runs = new ArrayList<>();
    CountDownLatch start = new CountDownLatch(COMMANDS);
    try (ExecutorService threads = Executors.newFixedThreadPool(COMMANDS)) {
      List<Future<Run>> all = new ArrayList<>();
      for (int i = 0; i < COMMANDS; i++) {
        String type = i % 2 == 0 ? "float32" : "bfloat16";
        all.add(
            threads.submit(
                () -> {
                  start.countDown();
                  start.await();
                  return Run.of(
                      "convert", Run.TINY.toString(), "--out", out.toString(), "--dtype", type);
                }));
      }
      for (Future<Run> each : all) {
        runs.add(each.get());
      }
    }
    List<Run> done = runs.stream().filter(run -> run.status() == 0).toList();
    assertEquals(1, done.size(), runs.toString());
    for (Run run : runs) {
      if (run.status() != 0) {
        assertEquals(2, run.status(), run.err());
        assertTrue(run.err().contains("expected a place where nothing is yet"), run.err());
      }
    }
    String type = done.getFirst().lines().getFirst().get("dtype").textValue();
    JsonNode components = Run.of("inspect", out.toString()).lines().getFirst().get("components");
    for (String name : List.of("text_encoder", "unet", "vae")) {
      assertEquals(type, components.get(name).get("dtype").textValue(), name);
    }
    assertOnly(out);
  }

  private static void assertOnly(Path out) throws IOException {
    try (Stream<Path> left = Files.list(out.getParent())) {
      assertEquals(List.of(out), left.toList());
    }
  }
}
