package dev.darkroom.cli.console;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** Where a command reads and writes: results on out, all else on err. */
public record Console(InputStream in, PrintStream out, PrintStream err) {
  /** One result, on one line. */
  public void result(JsonNode json) {
    out.println(json);
  }

  /**
   * Whether standard output took not all of what was printed: its reader is gone, its disk full.
   */
  public boolean isLost() {
    return out.checkError();
  }

  /** One line for a person who waits. */
  public void progress(String line) {
    err.println(line);
  }

  /** One sentence, on one line. */
  public void error(@Nullable String sentence) {
    err.println(String.valueOf(sentence).strip().replaceAll("\\s*\\R\\s*", " "));
  }
}
