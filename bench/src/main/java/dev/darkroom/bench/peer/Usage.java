package dev.darkroom.bench.peer;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has used. */
public final class Usage {
  /** POSIX's. */
  private static final double CLOCKS_PER_SECOND = 1e6;

  private static final MethodHandle CLOCK =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("clock"),
              FunctionDescriptor.of(ValueLayout.JAVA_LONG));

  private Usage() {}

  /** CPU time of all threads; Java's own figure comes in hundredths of a second. */
  public static double cpuSeconds() {
    try {
      return (long) CLOCK.invokeExact() / CLOCKS_PER_SECOND;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("clock() failed", e);
    }
  }

  /** The largest resident memory so far. */
  public static long peakKilobytes() throws IOException {
    return kilobytes("VmHWM:");
  }

  /** The resident memory now. */
  public static long residentKilobytes() throws IOException {
    return kilobytes("VmRSS:");
  }

  private static long kilobytes(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }
}
