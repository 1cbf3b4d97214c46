package dev.darkroom.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
  private final StringWriter errors = new StringWriter();

  @TempDir private Path temporary;

  @Test
  void badInputIsStatusTwoAndOneSentenceAndWritesNothing() throws Exception {
    Path data = temporary.resolve("data");
    assertEquals(2, run("up", "--data", data.toString(), "--port", "http"));
    assertEquals(2, run("up", "--data", data.toString(), "--port", "70000"));
    assertEquals(2, run("up", "--data", data.toString(), "--workers", "-1"));
    assertEquals(2, run("up", "--data", data.toString(), "--private-addresses", "some"));
    assertEquals(2, run("up", "--dta", data.toString()));
    assertEquals(5, errors.toString().lines().count(), errors.toString());
    assertTrue(
        errors.toString().contains("--port: expected 0 to 65535, got 70000"), errors.toString());
    assertTrue(Files.notExists(data));
  }

  @Test
  void statusAndDownOfAFolderWithoutASystemSaySo() {
    assertEquals(1, run("status", "--data", temporary.toString()));
    assertEquals(0, run("down", "--data", temporary.toString()));
    assertEquals(
        2,
        errors.toString().lines().filter(line -> line.contains("not up on " + temporary)).count());
  }

  private int run(String... arguments) {
    return Main.commandLine().setErr(new PrintWriter(errors, true)).execute(arguments);
  }
}
