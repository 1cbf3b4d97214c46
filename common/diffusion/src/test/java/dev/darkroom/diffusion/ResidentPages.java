package dev.darkroom.diffusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What of a mapped file is in this process's memory, by Linux's own account. */
public final class ResidentPages {
  private ResidentPages() {}

  /**
   * @param file as the kernel knows it: a real path
   */
  public static long kilobytesOf(Path file) throws IOException {
    long sum = 0;
    boolean ours = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        ours = line.endsWith(file.toString());
      } else if (ours && line.startsWith("Rss:")) {
        sum += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return sum;
  }
}
