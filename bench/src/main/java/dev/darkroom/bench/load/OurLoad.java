package dev.darkroom.bench.load;

import ai.djl.Device;
import dev.darkroom.bench.peer.Usage;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.pipeline.DiffusionPipeline;
import dev.darkroom.diffusion.pipeline.ModelSource;
import dev.darkroom.diffusion.pipeline.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Locale;

/** Two loads in a process of their own, one after the other. */
public final class OurLoad {
  private static final int BUFFER = 1 << 23;

  /** Float32 values of Stable Diffusion 1.5: text encoder, U-Net, autoencoder. */
  private static final double WEIGHTS_KILOBYTES =
      (123_060_480L + 859_520_964L + 83_653_863L) * Float.BYTES / 1024.0;

  private OurLoad() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    TorchRuntime.useThreads(1);
    // What starts once for a process is not the file's.
    TorchRuntime.newManager(Device.cpu()).close();
    read(file);
    double reading = read(file);
    Load first = Load.of(file);
    // A worker loads its second model with compiled code.
    Load second = Load.of(file);
    System.out.printf(
        Locale.ROOT,
        "{\"read_cpu_seconds\": %.2f, \"load_seconds\": %.2f, \"load_cpu_seconds\": %.2f, \"cpu_time_ratio\": %.2f, \"second_load_cpu_seconds\": %.2f, \"second_cpu_time_ratio\": %.2f, \"memory_ratio\": %.2f}%n",
        reading,
        first.seconds,
        first.cpuSeconds,
        first.cpuSeconds / reading,
        second.cpuSeconds,
        second.cpuSeconds / reading,
        first.kilobytes / WEIGHTS_KILOBYTES);
  }

  /** What one load took, and what it left resident while the model was open. */
  private record Load(double seconds, double cpuSeconds, long kilobytes) {
    static Load of(Path file) throws IOException {
      long before = Usage.residentKilobytes();
      long began = System.nanoTime();
      double cpu = Usage.cpuSeconds();
      try (ModelSource source = ModelSource.of(file);
          DiffusionPipeline pipeline =
              DiffusionPipeline.load(source, Device.cpu(), Precision.FLOAT32)) {
        return new Load(
            (System.nanoTime() - began) / 1e9,
            Usage.cpuSeconds() - cpu,
            Usage.residentKilobytes() - before);
      }
    }
  }

  /** CPU seconds of reading all of a file that lies in the page cache. */
  private static double read(Path file) throws IOException {
    double cpu = Usage.cpuSeconds();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(buffer) >= 0) {
        buffer.clear();
      }
    }
    return Usage.cpuSeconds() - cpu;
  }
}
