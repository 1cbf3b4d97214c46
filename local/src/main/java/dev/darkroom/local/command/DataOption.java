package dev.darkroom.local.command;

import dev.darkroom.local.supervisor.DataFolder;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The folder that every command of the running system works on. */
final class DataOption {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "${sys:user.home}/.darkroom",
      description = "folder that everything is kept under (default: ~/.darkroom)")
  private Path data = Path.of("");

  Path path() {
    return data.toAbsolutePath().normalize();
  }

  DataFolder folder() {
    return new DataFolder(path());
  }
}
