package dev.darkroom.local.command;

import dev.darkroom.local.supervisor.DataFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.logging.FileHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Sends what Kafka and S3 log in this JVM to {@code launcher.*.log}, and keeps it off the screen.
 */
final class LauncherLog implements AutoCloseable {
  private static final int MOST_BYTES = 8 << 20;
  private final Handler handler;

  private LauncherLog(Handler handler) {
    this.handler = handler;
  }

  static LauncherLog open(DataFolder folder) throws IOException {
    Files.createDirectories(folder.logs());
    System.setProperty(
        "java.util.logging.SimpleFormatter.format", "%1$tFT%1$tT.%1$tL %4$s %3$s %5$s%6$s%n");
    LogManager.getLogManager().reset();
    var handler =
        new FileHandler(folder.logs().resolve("launcher.%g.log").toString(), MOST_BYTES, 2, true);
    handler.setFormatter(new SimpleFormatter());
    Logger root = Logger.getLogger("");
    root.setLevel(Level.WARNING);
    root.addHandler(handler);
    return new LauncherLog(handler);
  }

  @Override
  public void close() {
    handler.close();
  }
}
