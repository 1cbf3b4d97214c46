package dev.darkroom.local.command;

import dev.darkroom.local.supervisor.DataFolder;
import dev.darkroom.local.supervisor.FirstImage;
import dev.darkroom.local.supervisor.Installation;
import dev.darkroom.local.supervisor.Installation.StartUp;
import dev.darkroom.local.supervisor.LocalSystem;
import dev.darkroom.local.supervisor.PrivateAddresses;
import dev.darkroom.local.supervisor.Progress;
import dev.darkroom.local.supervisor.UpOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Starts everything once on a temporary folder and makes an image, so that each process writes down
 * what its start needs. The script calls it after a build.
 */
@Command(
    name = "rehearse",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "Records the start-up caches.")
public final class RehearseCommand implements Callable<Integer> {

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path root = Files.createTempDirectory("darkroom-rehearsal-");
    try {
      var options = new UpOptions(0, 1, 1, PrivateAddresses.DENY);
      var folder = new DataFolder(root);
      try (var lock = folder.lock();
          var logging = LauncherLog.open(folder);
          var system =
              LocalSystem.start(
                  lock,
                  options,
                  Installation.ofScript(StartUp.RECORD_CACHE),
                  new Progress(new PrintWriter(System.err, true, StandardCharsets.UTF_8)))) {
        system.startTrainers();
        FirstImage.make(system.runFile(), root.resolve("first-image.png"));
      }
    } finally {
      try (var files = Files.walk(root)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    return 0;
  }
}
