package dev.darkroom.bench.modes;

import ai.djl.Device;
import dev.darkroom.bench.Percentile;
import dev.darkroom.bench.peer.Usage;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.pipeline.DiffusionPipeline;
import dev.darkroom.diffusion.pipeline.ModelSource;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.pipeline.Progress;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import dev.darkroom.diffusion.pipeline.UnconditionalPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Our side of the modes benchmark: a picture in one mode, in a process of its own. */
public final class OurRun {
  private OurRun() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    int side = Integer.parseInt(arguments[2]);
    TorchRuntime.useThreads(Integer.parseInt(arguments[3]));
    Precision precision = Precision.parse(arguments[4], Processor.here());
    TextToImage request =
        new TextToImage(
            "a red apple on a table",
            "",
            side,
            side,
            null,
            Integer.parseInt(arguments[1]),
            new ClassifierFreeGuidance(5, 0),
            0);
    CpuTimes times = new CpuTimes();
    try (StableDiffusionPipeline pipeline = load(folder, precision, arguments[5])) {
      byte[] pixels =
          pipeline.generate(request, List.of(Seed.of(3)), times).getFirst().image().toBytes();
      Files.write(Path.of(arguments[6]), pixels);
    }
    System.out.printf(
        Locale.ROOT,
        "{\"cpu_seconds_per_step\": %.3f, \"peak_mb\": %d}%n",
        times.median(),
        Usage.peakKilobytes() / 1024);
  }

  private static StableDiffusionPipeline load(Path folder, Precision precision, String memory) {
    DiffusionPipeline pipeline;
    if (memory.equals("model-offload")) {
      pipeline =
          DiffusionPipeline.offloaded(() -> ModelSource.folder(folder), Device.cpu(), precision);
    } else {
      try (ModelSource source = ModelSource.folder(folder)) {
        pipeline = DiffusionPipeline.load(source, Device.cpu(), precision);
      }
    }
    return switch (pipeline) {
      case StableDiffusionPipeline stable -> memory.equals("vae-tiling") ? stable.tiled() : stable;
      case UnconditionalPipeline textless -> {
        textless.close();
        throw new IllegalArgumentException(folder + " reads no text");
      }
    };
  }

  /** CPU time between steps. */
  private static final class CpuTimes implements Progress {
    private final List<Double> ends = new ArrayList<>();

    @Override
    public void encoded() {}

    @Override
    public void stepped(int step, int steps) {
      ends.add(Usage.cpuSeconds());
    }

    @Override
    public void decoded(int image) {}

    double median() {
      double[] each = new double[ends.size() - 1];
      for (int i = 0; i < each.length; i++) {
        each[i] = ends.get(i + 1) - ends.get(i);
      }
      return Percentile.of(each, 50);
    }
  }
}
