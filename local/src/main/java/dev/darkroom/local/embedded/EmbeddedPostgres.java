package dev.darkroom.local.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A Postgres server over a folder, as a process beside this JVM, with everything durable (fsync
 * on).
 *
 * <p>Data survives {@code close()}, a SIGKILL of the server, and a SIGKILL of this JVM: a server
 * that was left behind is stopped by the next start on its folder.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  /** The role that owns everything; its password is the caller's. */
  public static final String USER = "darkroom";

  /** The database that exists from the start. */
  public static final String DATABASE = "darkroom";

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  /** SQL state of a server that is there and still starting up. */
  private static final String CANNOT_CONNECT_NOW = "57P03";

  /** What a server says that finds the memory of another on its folder. */
  private static final String STILL_IN_USE = "is still in use";

  private final Process server;
  private final int port;
  private final String password;
  private final AtomicInteger databases = new AtomicInteger();

  private EmbeddedPostgres(Process server, int port, String password) {
    this.server = server;
    this.port = port;
    this.password = password;
  }

  /**
   * Starts the server on the folder, which is initialised when it is new; returns when it takes
   * connections.
   *
   * @param dataDir holds the cluster and its logs; kept on close
   * @param port on 127.0.0.1, or 0 for a free one
   * @param password of {@link #USER}; must be the one of the first start
   */
  public static EmbeddedPostgres start(Path dataDir, int port, String password) {
    try {
      Files.createDirectories(dataDir);
      var commands = new PostgresCommands(PostgresBinaries.unpacked(), dataDir.resolve("cluster"));
      if (!Files.exists(commands.cluster().resolve("PG_VERSION"))) {
        initialise(commands, dataDir, password);
      } else if (isLeftOver(commands.cluster().resolve("postmaster.pid"))) {
        commands.stopLeftOver();
      }
      int freePort = FreePort.check(port, "Postgres");
      EmbeddedPostgres postgres = launched(commands, dataDir, freePort, password);
      postgres.createMissing(DATABASE);
      return postgres;
    } catch (IOException | SQLException e) {
      throw new EmbeddedServiceException(
          "Postgres does not start on %s: %s".formatted(dataDir, e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedServiceException(
          "Postgres was interrupted while it started on " + dataDir, e);
    }
  }

  /** A server that takes connections. */
  private static EmbeddedPostgres launched(
      PostgresCommands commands, Path dataDir, int port, String password)
      throws IOException, SQLException, InterruptedException {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    Path output = dataDir.resolve("postgres.out");
    while (true) {
      var process =
          new ProcessBuilder(commands.server(port, dataDir.resolve("logs")))
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().close();
      var postgres = new EmbeddedPostgres(process, port, password);
      if (postgres.awaitConnections(output, deadline)) {
        return postgres;
      }
    }
  }

  private static void initialise(PostgresCommands commands, Path dataDir, String password)
      throws IOException, InterruptedException {
    var ownerOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    Path passwordFile = Files.createTempFile(dataDir, "password", "", ownerOnly);
    try {
      Files.writeString(passwordFile, password + "\n");
      commands.initialise(USER, passwordFile);
    } finally {
      Files.delete(passwordFile);
    }
  }

  private static boolean isLeftOver(Path pidFile) throws IOException {
    if (!Files.exists(pidFile)) {
      return false;
    }
    long pid = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
    // The number alone may have gone to another program since.
    return ProcessHandle.of(pid)
        .flatMap(handle -> handle.info().command())
        .filter(c -> c.endsWith("postgres"))
        .isPresent();
  }

  /**
   * Returns false when the server ended because processes of a killed one are not yet gone: they
   * leave by themselves, but those that wait for the disk not at once.
   */
  private boolean awaitConnections(Path output, long deadline)
      throws IOException, SQLException, InterruptedException {
    while (true) {
      try {
        connect("postgres").close();
        return true;
      } catch (SQLException e) {
        boolean starting = CANNOT_CONNECT_NOW.equals(e.getSQLState()) || isConnectionRefused(e);
        if (!server.isAlive()) {
          String said = Files.readString(output).strip();
          if (said.contains(STILL_IN_USE) && System.nanoTime() < deadline) {
            return false;
          }
          throw new EmbeddedServiceException(
              "Postgres ended with %d: %s".formatted(server.exitValue(), said), e);
        }
        if (!starting || System.nanoTime() > deadline) {
          server.destroy();
          throw e;
        }
        server.waitFor(20, TimeUnit.MILLISECONDS);
      }
    }
  }

  private static boolean isConnectionRefused(SQLException e) {
    @Nullable String state = e.getSQLState();
    return state != null && state.startsWith("08");
  }

  private void createMissing(String database) throws SQLException {
    try (var connection = connect("postgres");
        var exists = connection.prepareStatement("SELECT 1 FROM pg_database WHERE datname = ?")) {
      exists.setString(1, database);
      if (!exists.executeQuery().next()) {
        connection.createStatement().execute("CREATE DATABASE " + database);
      }
    }
  }

  /** Makes a new, empty database, for one test or test class, and returns its JDBC address. */
  public String freshDatabase() {
    String name =
        "fresh_%d_%d".formatted(ProcessHandle.current().pid(), databases.incrementAndGet());
    try {
      createMissing(name);
    } catch (SQLException e) {
      throw new EmbeddedServiceException("Postgres makes no database: " + e.getMessage(), e);
    }
    return jdbcUrl(name);
  }

  /** JDBC address of {@link #DATABASE}, without user and password. */
  public String jdbcUrl() {
    return jdbcUrl(DATABASE);
  }

  /** JDBC address of a database, without user and password. */
  public String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port, database);
  }

  /** Opens a connection as {@link #USER}; the caller closes it. */
  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(database), USER, password);
  }

  public String user() {
    return USER;
  }

  public String password() {
    return password;
  }

  public int port() {
    return port;
  }

  /** Process id of the server. */
  public long pid() {
    return server.pid();
  }

  /** Completes when the server has ended, however it did. */
  public CompletableFuture<Process> onExit() {
    return server.onExit();
  }

  /**
   * Stops the server in its fast mode: open transactions roll back, everything committed is on
   * disk.
   */
  @Override
  public void close() {
    try {
      // SIGINT is the fast shutdown; destroy() would send SIGTERM, which waits for every client to
      // leave. Every shell has kill, not every system a program of that name.
      new ProcessBuilder(List.of("/bin/sh", "-c", "kill -INT $0", Long.toString(server.pid())))
          .start()
          .waitFor();
      server.onExit().get(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      server.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (TimeoutException e) {
      server.destroyForcibly();
      throw new EmbeddedServiceException(
          "Postgres did not stop within %s and was killed".formatted(STOP_LIMIT), e);
    } catch (IOException | java.util.concurrent.ExecutionException e) {
      server.destroyForcibly();
      throw new EmbeddedServiceException("Postgres does not stop: " + e.getMessage(), e);
    }
  }
}
