package dev.darkroom.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * When the {@code darkroom} script makes the start-up cache of the commands, and when it uses it;
 * and in which locale it runs them. The script is the real one; its Maven touches the jars, and its
 * java notes what it was asked.
 */
@Timeout(60)
class StartUpCacheTest {
  private static final Path SCRIPT = Path.of("../darkroom");

  private static final List<String> JARS =
      List.of(
          "gateway/target/quarkus-app/quarkus-run.jar",
          "worker/target/quarkus-app/quarkus-run.jar",
          "trainer/target/quarkus-app/quarkus-run.jar",
          "local/target/darkroom-local-1.jar",
          "cli/target/darkroom-cli-1.jar",
          "bench/target/darkroom-bench-1.jar");

  @TempDir private Path folder;
  private Path home = Path.of("");

  @BeforeEach
  void makeAProjectAndItsTools() throws IOException {
    home = Files.createDirectory(folder.resolve("home"));
    Files.copy(SCRIPT, home.resolve("darkroom"));
    executable(home.resolve("darkroom"), Files.readString(SCRIPT));
    Files.writeString(home.resolve("pom.xml"), "<version>1</version>\n");
    Files.createDirectory(folder.resolve("bin"));
    executable(
        folder.resolve("bin/mvn"),
        "for jar in %s; do mkdir -p $(dirname $jar); touch -d '2 seconds ago' $jar; done"
            .formatted(jars()));
    jdk("jdk", "");
  }

  @Test
  void buildMakesTheCacheAndCommandsUseIt() throws Exception {
    assertEquals(List.of("record", "run with cache"), answer("jdk", "inspect"));
    assertEquals(List.of("run with cache"), answer("jdk", "generate"));
    // The class path of the others comes first, or the cache would not fit.
    assertEquals(List.of("run with cache"), answer("jdk", "bench"));
    String bench = Files.readAllLines(folder.resolve("calls")).getLast();
    assertTrue(
        bench.contains(
            "-cp %1$s/cli/target/darkroom-cli-1.jar:%1$s/cli/target/lib/*:%1$s/bench/target/darkroom-bench-1.jar "
                .formatted(home)),
        bench);
  }

  @Test
  void benchThatBuildsRecordsWhatTheOtherCommandsHave() throws Exception {
    assertEquals(List.of("record", "run with cache"), answer("jdk", "bench"));
    assertFalse(Files.readAllLines(folder.resolve("calls")).getFirst().contains("darkroom-bench"));
  }

  @Test
  void cacheThatIsOlderThanAJarIsNotUsed() throws Exception {
    answer("jdk", "inspect");
    Files.setLastModifiedTime(
        home.resolve(JARS.getLast()), FileTime.from(Instant.now().plusSeconds(2)));
    assertEquals(List.of("run"), answer("jdk", "inspect"));
  }

  @Test
  void cacheOfAnotherJdkIsNotUsed() throws Exception {
    answer("jdk", "inspect");
    jdk("other", "");
    assertEquals(List.of("run"), answer("other", "inspect"));
    assertEquals(List.of("run with cache"), answer("jdk", "inspect"));
  }

  @Test
  void nothingIsMadeWhereNothingMayBeBuilt() throws Exception {
    answer("jdk", "inspect");
    Files.delete(home.resolve("target/aot/commands.made"));
    assertEquals(List.of("run"), answer("jdk", "inspect", "DARKROOM_BUILD=never"));
    assertFalse(Files.exists(home.resolve("target/aot/commands.made")));
  }

  @Test
  void failedRehearsalIsToldOnceAndTheCommandRuns() throws Exception {
    jdk("broken", "case \"$*\" in *rehearse*) exit 1 ;; esac");
    assertEquals(List.of("record", "run"), answer("broken", "inspect"));
    assertTrue(
        Files.readString(folder.resolve("errors")).contains("starts will be slower"),
        Files.readString(folder.resolve("errors")));
    assertEquals(List.of("run"), answer("broken", "inspect"));
  }

  @Test
  void twoCommandsAtOnceMakeOneCache() throws Exception {
    jdk("slow", "case \"$*\" in *rehearse*) sleep 2 ;; esac");
    List<Process> both = List.of(start("slow", "inspect"), start("slow", "tokenize"));
    for (Process each : both) {
      assertEquals(0, each.waitFor());
    }
    assertEquals(
        1,
        Files.readAllLines(folder.resolve("calls")).stream()
            .filter(call -> call.contains("-XX:AOTCacheOutput="))
            .count());
  }

  @Test
  void testsLeaveACacheOfTheJarsThatTheyMade() throws Exception {
    answer("jdk", "inspect");
    Files.setLastModifiedTime(
        home.resolve("target/aot/commands.made"), FileTime.from(Instant.EPOCH));
    assertEquals(List.of("record"), answer("jdk", "test"));
    assertEquals(List.of("run with cache"), answer("jdk", "inspect"));
  }

  @Test
  void whereNoLocaleIsSaidPromptsAndFileNamesAreUtf8() throws Exception {
    jdk("local", "echo \"locale $LC_ALL\" >> " + folder.resolve("locales"));
    start("local", "inspect", "LC_ALL=POSIX").waitFor();
    start("local", "generate", "LC_ALL=C").waitFor();
    start("local", "generate", "LC_ALL=de_DE.ISO-8859-1").waitFor();
    assertEquals(
        List.of("locale C.UTF-8", "locale C.UTF-8", "locale de_DE.ISO-8859-1"),
        Files.readAllLines(folder.resolve("locales")).stream().skip(1).toList());
  }

  /** A JDK that notes its arguments in {@code calls}, and makes the cache it is asked for. */
  private void jdk(String name, String first) throws IOException {
    Path bin = Files.createDirectories(folder.resolve(name).resolve("bin"));
    Files.writeString(folder.resolve(name).resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    executable(bin.resolve("javac"), "");
    executable(
        bin.resolve("java"),
        """
        echo "$*" >> %s
        %s
        for argument in "$@"; do
          case $argument in -XX:AOTCacheOutput=*) touch "${argument#*=}" ;; esac
        done
        """
            .formatted(folder.resolve("calls"), first));
  }

  /** What java was asked to do while a command of the script ran, in order. */
  private List<String> answer(String jdk, String command, String... environment) throws Exception {
    Files.deleteIfExists(folder.resolve("calls"));
    Process process = start(jdk, command, environment);
    assertEquals(0, process.waitFor(), Files.readString(folder.resolve("errors")));
    List<String> calls = new ArrayList<>();
    if (Files.exists(folder.resolve("calls"))) {
      for (String call : Files.readAllLines(folder.resolve("calls"))) {
        calls.add(
            call.contains("-XX:AOTCacheOutput=")
                ? "record"
                : call.contains("-XX:AOTCache=") ? "run with cache" : "run");
      }
    }
    return calls;
  }

  private Process start(String jdk, String command, String... environment) throws IOException {
    var builder = new ProcessBuilder(home.resolve("darkroom").toString(), command);
    builder.environment().remove("DARKROOM_BUILD");
    builder.environment().put("JAVA_HOME", folder.resolve(jdk).toString());
    builder.environment().merge("PATH", "", (path, none) -> folder.resolve("bin") + ":" + path);
    for (String variable : environment) {
      builder.environment().put(variable.split("=")[0], variable.split("=")[1]);
    }
    return builder
        .redirectError(folder.resolve("errors").toFile())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private String jars() {
    return String.join(" ", JARS.stream().map(jar -> home.resolve(jar).toString()).toList());
  }

  private static void executable(Path file, String body) throws IOException {
    Files.write(file, ("#!/bin/sh\n" + body + "\n").getBytes(StandardCharsets.UTF_8));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
