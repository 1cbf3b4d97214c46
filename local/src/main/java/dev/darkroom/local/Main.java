package dev.darkroom.local;

import dev.darkroom.local.command.DownCommand;
import dev.darkroom.local.command.RehearseCommand;
import dev.darkroom.local.command.StatusCommand;
import dev.darkroom.local.command.UpCommand;
import dev.darkroom.local.embedded.EmbeddedServiceException;
import dev.darkroom.local.supervisor.SupervisorException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The sub-commands of {@code ./darkroom} that start, show and stop the whole system. */
@Command(
    name = "darkroom",
    mixinStandardHelpOptions = true,
    subcommands = {UpCommand.class, StatusCommand.class, DownCommand.class, RehearseCommand.class})
public final class Main {
  private static final int BAD_INPUT = 2;
  private static final int FAILED = 1;

  private Main() {}

  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(
            (wrong, given) -> {
              wrong.getCommandLine().getErr().println(wrong.getMessage());
              return BAD_INPUT;
            })
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              switch (failure) {
                case SupervisorException e -> command.getErr().println(e.getMessage());
                case EmbeddedServiceException e -> command.getErr().println(e.getMessage());
                default -> failure.printStackTrace(command.getErr());
              }
              return FAILED;
            });
  }
}
