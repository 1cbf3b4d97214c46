package dev.darkroom.local.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** How the programs of Postgres are called on one data folder. */
record PostgresCommands(PostgresBinaries binaries, Path cluster) {

  /**
   * Makes the cluster: UTF-8, byte order collation on every platform, and a password from the first
   * moment.
   */
  void initialise(String user, Path passwordFile) throws IOException, InterruptedException {
    run(
        "initdb",
        List.of("-D", cluster.toString(), "-U", user, "--pwfile=" + passwordFile),
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions");
  }

  /** Stops a server that a killed launcher left behind; it would hold the folder's lock. */
  void stopLeftOver() throws IOException, InterruptedException {
    run("pg_ctl", List.of("stop", "-D", cluster.toString()), "-m", "fast", "-w", "-t", "20");
  }

  /** The command of the server itself, detached from the terminal. */
  List<String> server(int port, Path logs) {
    return DetachedCommand.of(
        unprivileged(
            "postgres",
            List.of("-D", cluster.toString(), "-p", Integer.toString(port)),
            "-h",
            "127.0.0.1",
            // Socket files would need a folder with a short name; TCP on loopback is enough.
            "-c",
            "unix_socket_directories=",
            // A committed job must survive a power cut: these are what the invariants stand on.
            "-c",
            "fsync=on",
            "-c",
            "synchronous_commit=on",
            "-c",
            "max_connections=100",
            "-c",
            "shared_buffers=64MB",
            "-c",
            "jit=off",
            "-c",
            "timezone=UTC",
            "-c",
            "log_timezone=UTC",
            // One file a weekday, each overwritten after a week: logs stay bounded.
            "-c",
            "logging_collector=on",
            "-c",
            "log_directory=" + logs.toAbsolutePath(),
            "-c",
            "log_filename=postgres-%a.log",
            "-c",
            "log_truncate_on_rotation=on",
            "-c",
            "log_rotation_age=1d",
            "-c",
            "log_rotation_size=0"));
  }

  private void run(String program, List<String> arguments, String... more)
      throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(unprivileged(program, arguments, more))
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    int status = process.waitFor();
    if (status != 0) {
      throw new EmbeddedServiceException(
          "%s of Postgres ended with %d: %s".formatted(program, status, output));
    }
  }

  /** Postgres refuses to run as root; in a user namespace of its own it is not. */
  private List<String> unprivileged(String program, List<String> arguments, String... more) {
    var command = new ArrayList<String>();
    if ("root".equals(System.getProperty("user.name"))) {
      if (!DetachedCommand.onPath("unshare")) {
        throw new EmbeddedServiceException(
            "Postgres does not run as root and there is no unshare (util-linux) to make a user namespace with; run as another user");
      }
      command.addAll(List.of("unshare", "--user"));
    }
    command.add(binaries.program(program));
    Stream.concat(arguments.stream(), Stream.of(more)).forEach(command::add);
    return List.copyOf(command);
  }
}
