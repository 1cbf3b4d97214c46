package dev.darkroom.local.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddedPostgresTest {
  private static final String PASSWORD = "correct horse";

  @Test
  void committedRowSurvivesAStopAKillOfTheServerAndAServerLeftBehind(@TempDir Path folder)
      throws Exception {
    try (var first = EmbeddedPostgres.start(folder, 0, PASSWORD)) {
      execute(first, "CREATE TABLE jobs (id int)");
      execute(first, "INSERT INTO jobs VALUES (1)");
    }
    var killed = EmbeddedPostgres.start(folder, 0, PASSWORD);
    execute(killed, "INSERT INTO jobs VALUES (2)");
    ProcessHandle.of(killed.pid()).orElseThrow().destroyForcibly();
    killed.onExit().get(60, TimeUnit.SECONDS);

    var leftBehind = EmbeddedPostgres.start(folder, 0, PASSWORD);
    execute(leftBehind, "INSERT INTO jobs VALUES (3)");
    try (var last = EmbeddedPostgres.start(folder, 0, PASSWORD)) {
      assertEquals("3", query(last, "SELECT count(*) FROM jobs"));
      assertNotEquals(leftBehind.pid(), last.pid());
    }
    assertEquals(0, leftBehind.onExit().get(60, TimeUnit.SECONDS).exitValue());
  }

  @Test
  void startWaitsForTheProcessesOfAKilledServer(@TempDir Path folder) throws Exception {
    var killed = EmbeddedPostgres.start(folder, 0, PASSWORD);
    var server = ProcessHandle.of(killed.pid()).orElseThrow();
    List<ProcessHandle> left = server.children().toList();
    signal("STOP", left);
    server.destroyForcibly();
    killed.onExit().get(60, TimeUnit.SECONDS);
    var next = CompletableFuture.supplyAsync(() -> EmbeddedPostgres.start(folder, 0, PASSWORD));
    try {
      Path output = folder.resolve("postgres.out");
      while (!Files.readString(output).contains("still in use")) {
        assertFalse(next.isDone());
      }
    } finally {
      signal("CONT", left);
    }
    next.get(60, TimeUnit.SECONDS).close();
  }

  /** Some end by themselves meanwhile, as the backends of connections do. */
  private static void signal(String name, List<ProcessHandle> processes) throws Exception {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "kill -" + name + " $*", "sh"));
    processes.forEach(process -> command.add(Long.toString(process.pid())));
    new ProcessBuilder(command).start().waitFor();
  }

  @Test
  void commitsReachTheDisk() throws Exception {
    assertEquals("on", query(TestServices.postgres(), "SHOW fsync"));
    assertEquals("on", query(TestServices.postgres(), "SHOW synchronous_commit"));
  }

  @Test
  void wrongPasswordIsRefused() {
    var refused =
        assertThrows(
            SQLException.class,
            () ->
                DriverManager.getConnection(
                        TestServices.postgres().jdbcUrl(), EmbeddedPostgres.USER, "guess")
                    .close());
    assertEquals("28P01", refused.getSQLState());
  }

  @Test
  void freshDatabasesShareNothing() throws Exception {
    var postgres = TestServices.postgres();
    String one = postgres.freshDatabase();
    String two = postgres.freshDatabase();
    try (var connection = DriverManager.getConnection(one, postgres.user(), postgres.password())) {
      connection.createStatement().execute("CREATE TABLE only_here (id int)");
    }
    try (var connection = DriverManager.getConnection(two, postgres.user(), postgres.password());
        var tables = connection.getMetaData().getTables(null, null, "only_here", null)) {
      assertEquals(false, tables.next());
    }
  }

  private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (var connection = postgres.connect(EmbeddedPostgres.DATABASE);
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (var connection = postgres.connect(EmbeddedPostgres.DATABASE);
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
