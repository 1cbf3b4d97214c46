package dev.darkroom.local.command;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Asks the launcher of a data folder to stop, and waits until it has. */
@Command(
    name = "down",
    mixinStandardHelpOptions = true,
    description = "Stops the running system and waits until it has stopped.")
public final class DownCommand implements Callable<Integer> {
  private static final long LIMIT_SECONDS = 60;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOption data = new DataOption();

  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    Optional<ProcessHandle> launcher = data.folder().runningLauncher().flatMap(ProcessHandle::of);
    if (launcher.isEmpty()) {
      spec.commandLine().getErr().println("Darkroom is not up on " + data.path());
      return 0;
    }
    launcher.get().destroy();
    try {
      launcher.get().onExit().get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      spec.commandLine()
          .getErr()
          .println(
              "expected the launcher (process %d) to stop within %d s, it runs on; kill -9 %1$d ends it and all it started"
                  .formatted(launcher.get().pid(), LIMIT_SECONDS));
      return 1;
    }
    spec.commandLine().getErr().println("Darkroom is down");
    return 0;
  }
}
