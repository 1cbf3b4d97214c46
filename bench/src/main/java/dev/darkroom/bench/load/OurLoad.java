package dev.darkroom.bench.load;

import ai.djl.Device;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.peer.Usage;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.pipeline.DiffusionPipeline;
import dev.darkroom.diffusion.pipeline.ModelSource;
import dev.darkroom.diffusion.pipeline.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Two loads in a process of their own, one after the other, over reading the file once: in seconds
 * on the clock, for which two cores are to be free, and in seconds of all processors.
 */
public final class OurLoad {
  private static final int BUFFER = 1 << 23;

  /** Of which the middle one counts: one alone differs from the next by up to half. */
  private static final int READINGS = 5;

  /** Float32 values of Stable Diffusion 1.5: text encoder, U-Net, autoencoder. */
  private static final double WEIGHTS_KILOBYTES =
      (123_060_480L + 859_520_964L + 83_653_863L) * Float.BYTES / 1024.0;

  private OurLoad() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    // As the commands have it: what libraries merely note is not even formatted.
    Logger.getLogger("").setLevel(Level.WARNING);
    TorchRuntime.useThreads(1);
    // What starts once for a process is not the file's.
    TorchRuntime.newManager(Device.cpu()).close();
    read(file);
    Spent reading =
        Stream.generate(() -> read(file))
            .limit(READINGS)
            .sorted(Comparator.comparingDouble(Spent::seconds))
            .toList()
            .get(READINGS / 2);
    Load first = Load.of(file);
    // A worker loads its second model with compiled code.
    Load second = Load.of(file);
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    reading.put(line, "read");
    first.spent.put(line, "load", reading);
    second.spent.put(line, "second_load", reading);
    line.put("memory_ratio", rounded(first.kilobytes / WEIGHTS_KILOBYTES));
    System.out.println(new ObjectMapper().writeValueAsString(line));
  }

  private static BigDecimal rounded(double value) {
    return BigDecimal.valueOf(value).setScale(2, RoundingMode.HALF_EVEN);
  }

  /**
   * What something took.
   *
   * @param seconds on the clock
   * @param cpuSeconds of all threads
   */
  private record Spent(double seconds, double cpuSeconds) {
    void put(ObjectNode line, String name) {
      line.put(name + "_seconds", rounded(seconds));
      line.put(name + "_cpu_seconds", rounded(cpuSeconds));
    }

    void put(ObjectNode line, String name, Spent reading) {
      put(line, name);
      line.put(name + "_wall_time_ratio", rounded(seconds / reading.seconds));
      line.put(name + "_cpu_time_ratio", rounded(cpuSeconds / reading.cpuSeconds));
    }
  }

  /** Begins when it is made. */
  private static final class Clock {
    private final long began = System.nanoTime();
    private final double cpu = Usage.cpuSeconds();

    Spent spent() {
      return new Spent((System.nanoTime() - began) / 1e9, Usage.cpuSeconds() - cpu);
    }
  }

  /** What one load took, and what it left resident while the model was open. */
  private record Load(Spent spent, long kilobytes) {
    static Load of(Path file) throws IOException {
      long before = Usage.residentKilobytes();
      Clock clock = new Clock();
      try (DiffusionPipeline pipeline =
          DiffusionPipeline.load(() -> ModelSource.of(file), Device.cpu(), Precision.FLOAT32)) {
        Spent spent = clock.spent();
        return new Load(spent, Usage.residentKilobytes() - before);
      }
    }
  }

  /** Reads all of a file that lies in the page cache. */
  private static Spent read(Path file) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    Clock clock = new Clock();
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(buffer) >= 0) {
        buffer.clear();
      }
      return clock.spent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
