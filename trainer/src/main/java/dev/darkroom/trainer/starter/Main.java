package dev.darkroom.trainer.starter;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.recipe.AutoencoderRecipeConfig;
import dev.darkroom.trainer.recipe.LatentDiffusionRecipeConfig;
import dev.darkroom.trainer.recipe.MixedPrecision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./darkroom starter build}. */
@Command(
    name = "starter",
    description = "Makes the model that ships.",
    mixinStandardHelpOptions = true,
    subcommands = Main.Build.class)
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    CommandLine command = new CommandLine(new Main());
    command.setExecutionExceptionHandler(
        (e, line, result) -> {
          if (e instanceof DarkroomException || e instanceof DiffusionException) {
            line.getErr().println(e.getMessage());
            return 1;
          }
          throw e;
        });
    System.exit(command.execute(arguments));
  }

  /** All stages, or the rest of them. */
  @Command(
      name = "build",
      description = {
        "Makes the model from public packages: hours on two cores, and 20 minutes of a GPU for what is",
        "best about it. Ctrl-C saves a checkpoint; the same command goes on from there."
      },
      mixinStandardHelpOptions = true)
  static final class Build implements Callable<Integer> {
    /** Longest wait at Ctrl-C for the step that is under way, and its checkpoint. */
    private static final long LAST_STEP_SECONDS = 60;

    /** The U-Net's, one after another. */
    private static final List<String> RUNS =
        List.of(
            "unet.json",
            "unet-refine.json",
            "unet-long.json",
            "unet-settle.json",
            "unet-described.json",
            "unet-described-settle.json",
            "unet-onward.json",
            "unet-coloured.json",
            "unet-coloured-settle.json");

    /** The last one: it sees eight times as many samples as all before it, days of a CPU. */
    private static final String GPU_RUN = "unet-large-batches.json";

    @Option(
        names = "--work",
        description = "Folder of intermediate files (default: below the user's cache folder).")
    @Nullable Path work;

    @Option(
        names = "--out",
        description = "The model's folder (default: ${DEFAULT-VALUE}).",
        defaultValue = "models/starter")
    Path out = Path.of("models/starter");

    @Option(
        names = "--autoencoder-config",
        description = "JSON of the autoencoder's training; what it leaves out is the recipe's.")
    @Nullable Path autoencoderConfig;

    @Option(
        names = "--unet-config",
        description = {
          "JSON of a run of the U-Net's training; what it leaves out is the recipe's. Repeatable:",
          "each further run goes on with what the one before has finished."
        })
    List<Path> unetConfigs = List.of();

    @Option(
        names = "--device",
        paramLabel = "DEVICE",
        description = "What trains: cpu, gpu or gpu:N (default: ${DEFAULT-VALUE}).",
        defaultValue = "cpu")
    String device = "cpu";

    @Option(
        names = "--export-only",
        description = "Write and measure the model of the newest checkpoint; train nothing.")
    boolean exportOnly;

    @Option(
        names = "--evaluation-prompts",
        description = "Prompts of each kind to measure with, at most 100 (default: 100).")
    int prompts = 100;

    private final AtomicBoolean stopped = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);

    @Override
    public Integer call() {
      Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
      try {
        return build();
      } finally {
        done.countDown();
      }
    }

    private int build() {
      Device trainingDevice = TorchRuntime.device(device);
      Path folder = work == null ? WorkFolder.standard() : work;
      AutoencoderRecipeConfig autoencoder =
          AutoencoderRecipeConfig.parse(
              "autoencoder config", text(autoencoderConfig, "autoencoder.json"));
      List<LatentDiffusionRecipeConfig> unets =
          unetTexts(trainingDevice).stream()
              .map(text -> LatentDiffusionRecipeConfig.parse("U-Net config", text))
              .map(config -> computable(config, trainingDevice))
              .toList();
      StarterBuild build =
          new StarterBuild(
              folder, autoencoder, unets, trainingDevice, stopped::get, System.out::println);
      if (exportOnly) {
        build.export(out);
      } else if (!build.run(out)) {
        return 0;
      }
      Evaluation measured =
          Evaluation.of(out, build.dataset(), Math.clamp(prompts, 1, 100), folder);
      System.out.println(measured.sentence());
      ModelCard.write(out, measured, autoencoder, unets, build.trained());
      return 0;
    }

    private static LatentDiffusionRecipeConfig computable(
        LatentDiffusionRecipeConfig config, Device device) {
      if (config.mixedPrecision() == MixedPrecision.NO
          || device.isGpu()
          || Processor.here().computesBfloat16()) {
        return config;
      }
      System.out.printf(
          "U-Net: %d steps in float32, for this processor does not compute bfloat16; they take longer%n",
          config.run().steps());
      return config.inFloat32();
    }

    private void stop() {
      stopped.set(true);
      try {
        if (!done.await(LAST_STEP_SECONDS, TimeUnit.SECONDS)) {
          System.err.println("the last step takes too long; the newest checkpoint is kept");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private List<String> unetTexts(Device device) {
      if (!unetConfigs.isEmpty()) {
        return unetConfigs.stream().map(file -> text(file, "")).toList();
      }
      List<String> names = new ArrayList<>(RUNS);
      if (device.isGpu() || exportOnly) {
        names.add(GPU_RUN);
      } else {
        System.out.println(
            "U-Net: without its last run, which is for a GPU; --device gpu goes on with it");
      }
      return names.stream().map(name -> text(null, name)).toList();
    }

    private static String text(@Nullable Path file, String resource) {
      try (InputStream in =
          file == null
              ? Objects.requireNonNull(Main.class.getResourceAsStream(resource))
              : Files.newInputStream(file)) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw DiskErrors.reading(file == null ? Path.of(resource) : file, e);
      }
    }
  }
}
