package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The frozen parts of a diffusers folder that a U-Net is trained beside. */
final class LatentDiffusionBase implements AutoCloseable {
  private final AutoencoderKL autoencoder;
  private final @Nullable CaptionStates captions;
  private final SchedulerConfig scheduler;
  private final NDManager manager;

  /**
   * @param folder with {@code vae} and {@code scheduler}, and with {@code tokenizer} and {@code
   *     text_encoder} for text
   */
  LatentDiffusionBase(Path folder, Conditioning conditioning, NDManager manager) {
    this.manager = manager;
    this.autoencoder = AutoencoderKL.load(folder.resolve("vae"), manager, Execution.INFERENCE);
    this.scheduler =
        SchedulerConfig.read(folder.resolve("scheduler").resolve("scheduler_config.json"));
    this.captions = conditioning == Conditioning.TEXT ? new CaptionStates(folder, manager) : null;
  }

  AutoencoderKL autoencoder() {
    return autoencoder;
  }

  SchedulerConfig scheduler() {
    return scheduler;
  }

  /** The class that stands for none: the last of the table; 0 where there is no table. */
  int noClass(UNet2DConditionModel unet) {
    Integer classes = unet.config().numClassEmbeds();
    return classes == null ? 0 : classes - 1;
  }

  /** What the network listens to; only one of the lists is looked at. */
  Conditions conditions(
      Conditioning conditioning, UNet2DConditionModel unet, List<String> texts, long[] classes) {
    return switch (conditioning) {
      case TEXT -> Conditions.text(texts(texts));
      case CLASS -> silence(unet, classes.length).withClassLabels(manager.create(classes));
      case NONE -> silence(unet, classes.length);
    };
  }

  private NDArray texts(List<String> texts) {
    if (captions == null) {
      throw new IllegalStateException("a base without text was asked for the states of a text");
    }
    return captions.states(texts);
  }

  /** One token of zeros: a U-Net without cross-attention does not look at it. */
  private Conditions silence(UNet2DConditionModel unet, int rows) {
    Shape shape = new Shape(rows, 1, unet.config().contextChannels());
    return Conditions.text(manager.zeros(shape, DataType.FLOAT32));
  }

  @Override
  public void close() {
    if (captions != null) {
      captions.close();
    }
  }
}
