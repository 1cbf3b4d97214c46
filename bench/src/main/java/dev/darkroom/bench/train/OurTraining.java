package dev.darkroom.bench.train;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.bench.peer.Programs;
import dev.darkroom.bench.peer.Usage;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.trainer.loop.FolderCheckpoints;
import dev.darkroom.trainer.loop.StopSignal;
import dev.darkroom.trainer.loop.Surroundings;
import dev.darkroom.trainer.loop.TrainingListener;
import dev.darkroom.trainer.recipe.AutoencoderRecipe;
import dev.darkroom.trainer.recipe.AutoencoderRecipeConfig;
import dev.darkroom.trainer.recipe.LatentDiffusionRecipeConfig;
import dev.darkroom.trainer.recipe.LatentDiffusionTraining;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * Our side of the train benchmark, in a process of its own; it speaks as {@code peer.py} does. What
 * is timed is all between two of the loop's questions whether to stop. Arguments: the recipe's
 * config, threads, an empty folder.
 */
public final class OurTraining implements StopSignal {
  private final BufferedReader input =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  /** Steps made before any is timed: the first pays for latents and warm code. */
  private int warmUp = 4;

  private boolean greeted;
  private long began;
  private double cpu;

  private OurTraining() {}

  public static void main(String[] arguments) throws IOException {
    String given = Files.readString(Path.of(arguments[0]));
    String json = given.replace("\"run\": {", "\"run\": {\"threads\": " + arguments[1] + ", ");
    Path folder = Path.of(arguments[2]);
    Path base = folder.resolve("base");
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      AutoencoderKL autoencoder =
          AutoencoderRecipe.fromNothing(AutoencoderRecipeConfig.defaults(), manager);
      autoencoder.save(base.resolve("vae"), TensorType.F32);
    }
    Files.createDirectories(base.resolve("scheduler"));
    Files.writeString(
        base.resolve("scheduler/scheduler_config.json"),
        """
        {"_class_name": "DPMSolverMultistepScheduler", "beta_schedule": "scaled_linear", "beta_start": 0.00085,
         "beta_end": 0.012, "prediction_type": "v_prediction"}
        """);
    LatentDiffusionTraining.run(
        LatentDiffusionRecipeConfig.parse("recipe.json", json),
        base,
        new Colours(64, 128),
        folder.resolve("caches"),
        new Surroundings(
            new FolderCheckpoints(folder.resolve("checkpoints")), new Silence(), new OurTraining()),
        Programs.device(),
        TensorType.F32,
        folder.resolve("result"));
    System.out.printf("{\"peak_kilobytes\": %d}%n", Usage.peakKilobytes());
  }

  @Override
  public boolean stopRequested() {
    if (warmUp-- > 0) {
      return false;
    }
    if (greeted) {
      System.out.printf(
          Locale.ROOT,
          "{\"seconds\": %.6f, \"cpu_seconds\": %.6f}%n",
          (System.nanoTime() - began) / 1e9,
          Usage.cpuSeconds() - cpu);
    } else {
      System.out.println("{}");
      greeted = true;
    }
    try {
      boolean ended = input.readLine() == null;
      began = System.nanoTime();
      cpu = Usage.cpuSeconds();
      return ended;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Silence implements TrainingListener {
    @Override
    public void progress(int step, int steps, Map<String, Double> metrics) {}

    @Override
    public void samples(int step, BufferedImage grid) {}

    @Override
    public void checkpointed(int step) {}
  }
}
