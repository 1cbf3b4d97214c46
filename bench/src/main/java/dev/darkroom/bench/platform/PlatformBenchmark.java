package dev.darkroom.bench.platform;

import ai.djl.Device;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.system.RunningSystem;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.pipeline.Progress;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Images a second through the whole system at load (posted, stored, dispatched, denoised, decoded,
 * encoded, uploaded, committed) over the straight-line pipeline at the same batch, with nothing
 * around it.
 */
public final class PlatformBenchmark implements Benchmark {
  private static final double BAR = 0.95;

  /** What a worker denoises together by default. */
  private static final int BATCH = 8;

  private static final int STEPS = 25;
  private static final double GUIDANCE = 4;

  /** The system's compilers need most of a minute at load before they leave the cores alone. */
  private static final int WARM_UP = 96;

  private static final int IMAGES = 160;

  @Override
  public String name() {
    return "platform";
  }

  @Override
  public String summary() {
    return "images a second through the whole system over the bare denoising loop at the same batch"
        + " (bar: 0.95)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    int images = Benchmark.argument(arguments, 0, IMAGES);
    // Before and after the system, for machines become faster and slower within minutes.
    double before = bare(images / 2);
    double system = throughTheSystem(images);
    double after = bare(images / 2);
    double bare = 2 / (1 / before + 1 / after);
    System.out.printf(
        Locale.ROOT,
        """
        {"bench": "platform", "batch": %d, "steps": %d, "images": %d, "system_images_per_second": %.2f, \
        "bare_images_per_second": %.2f, "ratio": %.3f, "bar": %.2f}
        """,
        BATCH,
        STEPS,
        images,
        system,
        bare,
        system / bare,
        BAR);
  }

  /** All jobs wait at the door from the start: the worker is never without work. */
  private static double throughTheSystem(int images) throws IOException, InterruptedException {
    try (RunningSystem system =
        RunningSystem.start("--workers", "1", "--trainers", "0", "--no-warm-up")) {
      system.warmUp();
      system.awaitAll(system.post(WARM_UP, STEPS));
      long began = System.nanoTime();
      system.awaitAll(system.post(images, STEPS));
      return images / seconds(began);
    }
  }

  /** In whole batches. */
  private static double bare(int images) {
    try (StableDiffusionPipeline pipeline = StableDiffusionPipeline.load(starter(), Device.cpu())) {
      batch(pipeline, 0);
      long began = System.nanoTime();
      int done = 0;
      for (; done < images; done += BATCH) {
        batch(pipeline, done);
      }
      return done / seconds(began);
    }
  }

  /** The model that {@code up} serves. */
  private static Path starter() {
    String chosen = System.getenv("DARKROOM_STARTER_PATH");
    return chosen == null || chosen.isBlank()
        ? Path.of(System.getProperty("darkroom.home"), "models", "starter")
        : Path.of(chosen);
  }

  /** As many prompts as pictures, for every job has one of its own. */
  private static void batch(StableDiffusionPipeline pipeline, int first) {
    for (int image = first + 1; image < first + BATCH; image++) {
      pipeline.encode("picture " + image);
    }
    int side = pipeline.defaultSide();
    TextToImage request =
        new TextToImage(
            "picture " + first,
            "",
            side,
            side,
            null,
            STEPS,
            new ClassifierFreeGuidance(GUIDANCE, 0),
            0);
    pipeline.generate(
        request,
        IntStream.range(first, first + BATCH).mapToObj(seed -> Seed.of(seed)).toList(),
        Progress.SILENT);
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }
}
