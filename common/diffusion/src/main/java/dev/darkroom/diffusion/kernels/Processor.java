package dev.darkroom.diffusion.kernels;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What the processor computes fast.
 *
 * @param features by Linux's names ({@code avx512_vnni}); empty where the system does not tell
 */
public record Processor(Set<String> features) {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final Processor HERE = read();

  public Processor {
    features = Set.copyOf(features);
  }

  /** The one that this process runs on. */
  public static Processor here() {
    return HERE;
  }

  /** Whether products of 8-bit numbers are exact and faster than float32. */
  public boolean computesInt8() {
    return features.contains("avx512_vnni") || features.contains("avx_vnni");
  }

  /** Whether oneDNN computes bfloat16 at all; without {@code avx512_bf16} it is slow. */
  public boolean computesBfloat16() {
    return features.containsAll(Set.of("avx512bw", "avx512vl", "avx512dq"));
  }

  /**
   * Whether bfloat16 has instructions of its own (matrix units, or dot products of twice float32's
   * rate), which makes it the fastest of all.
   */
  public boolean multipliesBfloat16() {
    boolean instructions = features.contains("amx_bf16") || features.contains("avx512_bf16");
    return instructions && computesBfloat16();
  }

  private static Processor read() {
    if (!Files.isReadable(CPUINFO)) {
      return new Processor(Set.of());
    }
    try {
      return parse(Files.readAllLines(CPUINFO));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + CPUINFO, e);
    }
  }

  /**
   * @param cpuinfo lines of {@code /proc/cpuinfo}; the first processor speaks for all
   */
  static Processor parse(List<String> cpuinfo) {
    return cpuinfo.stream()
        .filter(line -> line.startsWith("flags"))
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip().split("\\s+"))
        .map(flags -> new Processor(Set.copyOf(List.of(flags))))
        .orElse(new Processor(Set.of()));
  }
}
