package dev.darkroom.cli;

import dev.darkroom.cli.checkpoint.ConvertCommand;
import dev.darkroom.cli.checkpoint.InspectCommand;
import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.forward.ForwardCommand;
import dev.darkroom.cli.generate.GenerateCommand;
import dev.darkroom.cli.rehearse.RehearseCommand;
import dev.darkroom.cli.train.TrainCommand;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.jobs.job.DarkroomException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The sub-commands of {@code ./darkroom} that run in one process. */
@Command(
    name = "darkroom",
    mixinStandardHelpOptions = true,
    description = "Latent diffusion in one process: generate, compare, inspect, convert, train.")
public final class Main {
  static final int BAD_INPUT = 2;
  static final int FAILED = 1;

  private Main() {}

  public static void main(String[] arguments) {
    // Standard error is for progress and for one sentence: what libraries merely note stays away.
    Logger.getLogger("").setLevel(Level.WARNING);
    // The platform's own streams may be of another character set; prompts and JSON are UTF-8.
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    PrintStream err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    System.exit(run(new Console(System.in, out, err), arguments));
  }

  /** Runs one command and answers its exit status. */
  public static int run(Console console, String... arguments) {
    try {
      int status = commands(console).execute(arguments);
      if (status == 0 && console.isLost()) {
        console.error(
            "standard output: expected a place that takes what is printed, got one that is full or"
                + " gone; not all of it arrived");
        return FAILED;
      }
      return status;
    } catch (OutOfMemoryError e) {
      console.error(
          "memory: expected the Java heap of %d MB to hold what was asked for, got: %s; ask for less, or set DARKROOM_HEAP, as in DARKROOM_HEAP=8g"
              .formatted(Runtime.getRuntime().maxMemory() >> 20, e.getMessage()));
      return FAILED;
    }
  }

  private static CommandLine commands(Console console) {
    return new CommandLine(new Main())
        .addSubcommand(new GenerateCommand(console))
        .addSubcommand(new ForwardCommand(console))
        .addSubcommand(new TokenizeCommand(console))
        .addSubcommand(new InspectCommand(console))
        .addSubcommand(new ConvertCommand(console))
        .addSubcommand(new TrainCommand(console))
        .addSubcommand(new RehearseCommand(console, others -> run(console, others)))
        .setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8))
        .setParameterExceptionHandler(
            (wrong, given) -> {
              console.error(wrong.getMessage());
              return BAD_INPUT;
            })
        .setExecutionExceptionHandler((failure, command, parsed) -> status(console, failure));
  }

  private static int status(Console console, Exception failure) {
    switch (failure) {
      case DiffusionException ours -> {
        console.error(ours.getMessage());
        return switch (ours.kind()) {
          case BAD_INPUT, BAD_CHECKPOINT -> BAD_INPUT;
          case INTERNAL -> FAILED;
        };
      }
      case DarkroomException ours -> {
        console.error(ours.getMessage());
        return switch (ours.code().kind()) {
          case USER -> BAD_INPUT;
          case CAPACITY, INTERNAL, CANCELED -> FAILED;
        };
      }
      default -> {
        failure.printStackTrace(console.err());
        return FAILED;
      }
    }
  }
}
