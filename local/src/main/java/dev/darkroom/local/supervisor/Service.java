package dev.darkroom.local.supervisor;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The three programs that run as processes, with the memory each gets. */
public enum Service {
  /**
   * Serves HTTP; its whole resident size stays under 250 MB. C2's profiles, code and working memory
   * were 55 MB of it, and compiling half of what it did while it was new; without, it accepts a
   * fifth fewer jobs a second at the end. What the compiler leaves to malloc after a burst of work
   * is given back to the machine. {@code deploy/Dockerfile} has the same flags.
   */
  GATEWAY(
      "-XX:TieredStopAtLevel=1",
      "-Xms32m",
      "-Xmx64m",
      "-Xmn12m",
      "-Xss512k",
      "-XX:MaxDirectMemorySize=48m",
      "-XX:+UseCompactObjectHeaders",
      "-XX:TrimNativeHeapInterval=5000"),

  /** Holds tensors outside the heap; the heap carries one image at a time. */
  WORKER("-Xms64m", "-Xmx384m", "-Dai.djl.offline=true"),

  /** As the worker, and decodes data sets. */
  TRAINER("-Xms64m", "-Xmx768m", "-Dai.djl.offline=true");

  private static final List<String> COMMON_FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:-UsePerfData",
          // A start-up cache that lies where it was recorded is not copied to be relocated.
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:ArchiveRelocationMode=0",
          // While several processes start on few cores, compiling was most of what they did: what
          // runs once needs no C2, whatever a recorded run says, and what runs for hours reaches
          // three times its usual thresholds all the same, where it has C2 at all.
          "-XX:-AOTReplayTraining",
          "-XX:Tier4InvocationThreshold=15000",
          "-XX:Tier4MinInvocationThreshold=1800",
          "-XX:Tier4CompileThreshold=45000",
          "-XX:Tier4BackEdgeThreshold=120000",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          "-Djava.util.logging.manager=org.jboss.logmanager.LogManager");

  private final List<String> flags;

  Service(String... flags) {
    this.flags = List.of(flags);
  }

  /** Folder of the module, and name of its only process or prefix of their names. */
  public String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  List<String> flags() {
    return Stream.concat(COMMON_FLAGS.stream(), flags.stream()).toList();
  }
}
