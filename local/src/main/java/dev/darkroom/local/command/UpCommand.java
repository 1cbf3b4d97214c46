package dev.darkroom.local.command;

import dev.darkroom.local.supervisor.FirstImage;
import dev.darkroom.local.supervisor.Installation;
import dev.darkroom.local.supervisor.Installation.StartUp;
import dev.darkroom.local.supervisor.LocalSystem;
import dev.darkroom.local.supervisor.PrivateAddresses;
import dev.darkroom.local.supervisor.Progress;
import dev.darkroom.local.supervisor.RunFile;
import dev.darkroom.local.supervisor.SupervisorException;
import dev.darkroom.local.supervisor.UpOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Starts everything and stays until it is told to stop. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Starts the whole system with embedded Kafka, Postgres and S3; Ctrl-C stops it.")
public final class UpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOption data = new DataOption();

  @Option(
      names = "--port",
      defaultValue = "8080",
      description = "of the gateway, on loopback; 0 picks a free one (default: 8080)")
  private int port;

  @Option(
      names = "--workers",
      defaultValue = "1",
      description = "processes that generate images (default: 1)")
  private int workers;

  @Option(
      names = "--trainers",
      defaultValue = "1",
      description = "processes that train models (default: 1)")
  private int trainers;

  @Option(names = "--no-warm-up", description = "do not make a first image")
  private boolean noWarmUp;

  @Option(
      names = "--private-addresses",
      defaultValue = "loopback",
      paramLabel = "deny|loopback|allow",
      description =
          "non-public addresses that webhooks and input URLs may reach (default: loopback)")
  private PrivateAddresses privateAddresses = PrivateAddresses.LOOPBACK;

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    UpOptions options = options();
    StopSignal stop = StopSignal.install();
    try (var lock = data.folder().lock();
        var logging = LauncherLog.open(data.folder());
        var system =
            LocalSystem.start(
                lock, options, Installation.ofScript(StartUp.USE_CACHE), new Progress(err))) {
      out.println(introduction(system.runFile()));
      if (!noWarmUp && workers > 0) {
        out.println(warmUp(system.runFile(), data.path().resolve("first-image.png")));
      }
      system.startTrainers();
      stop.await();
      err.println("stopping ...");
    } catch (InterruptedException e) {
      if (!stop.isRequested()) {
        throw e;
      }
    }
    err.println("stopped");
    return 0;
  }

  private UpOptions options() {
    try {
      return new UpOptions(port, workers, trainers, privateAddresses);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static String warmUp(RunFile running, Path file)
      throws IOException, InterruptedException {
    try {
      var took = FirstImage.make(running, file);
      return "First image: %s (%.1f s)%n".formatted(file, took.toMillis() / 1000.0);
    } catch (SupervisorException e) {
      return e.getMessage() + "; the system is up all the same";
    }
  }

  private String introduction(RunFile running) {
    return """

        Darkroom is up
          url    %1$s   (documentation of the API: %1$s/q/swagger-ui)
          token  %2$s
          data   %3$s   (logs in %3$s/logs)

        Make an image:
          curl -s %1$s/v1/predictions -H "Authorization: Bearer %2$s" -H "Content-Type: application/json" -H "Prefer: wait" \\
            -d '{"version": "darkroom/starter", "input": {"prompt": "a red apple"}}'
        """
        .formatted(running.url(), running.token(), data.path());
  }
}
