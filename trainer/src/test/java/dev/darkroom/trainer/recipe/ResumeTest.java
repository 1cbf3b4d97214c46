package dev.darkroom.trainer.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.trainer.loop.FolderCheckpoints;
import dev.darkroom.trainer.loop.Surroundings;
import dev.darkroom.trainer.loop.TrainingLoop.End;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that was stopped after 11 of 30 steps, and goes on in another thread with nothing but its
 * files, equals the run that was not, bit for bit: losses, weights and averages.
 */
class ResumeTest {
  /** {@code DARKROOM_TEST_DEVICE}, default {@code cpu}. */
  private static final Device DEVICE =
      TorchRuntime.device(Objects.requireNonNullElse(System.getenv("DARKROOM_TEST_DEVICE"), "cpu"));

  private static final Stripes DATA = new Stripes(7, 64);

  private static final String AUTOENCODER =
      """
      {"run": {"steps": 30, "batch_size": 2, "gradient_accumulation_steps": 2, "checkpointing_steps": 4,
               "validation_steps": 15, "logging_steps": 1, "seed": 3},
       "optimizer": {"lr_warmup_steps": 3}, "crop": 32, "discriminator_start": 6, "discriminator_channels": 8,
       "model": {"_class_name": "AutoencoderKL", "block_out_channels": [8, 16], "norm_num_groups": 2, "latent_channels": 4,
                 "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
                 "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "scaling_factor": 1.0, "sample_size": 64}}
      """;

  private static final String UNET =
      """
      {"run": {"steps": 30, "batch_size": 2, "gradient_accumulation_steps": 2, "checkpointing_steps": 4,
               "validation_steps": 15, "logging_steps": 1, "seed": 3},
       "optimizer": {"learning_rate": 1e-3, "lr_warmup_steps": 3}, "conditioning": "class", "sampling_steps": 3,
       "model": {"_class_name": "UNet2DConditionModel", "in_channels": 4, "out_channels": 4, "sample_size": 32,
                 "block_out_channels": [8, 16], "norm_num_groups": 4, "layers_per_block": 1, "cross_attention_dim": 8,
                 "attention_head_dim": 2, "num_class_embeds": 3,
                 "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
                 "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"]}}
      """;

  @TempDir Path folder;

  private interface Training {
    End run(Surroundings surroundings, Path result);
  }

  @Test
  void autoencoderEqualsTheUninterruptedRun() throws Exception {
    assertResumes(autoencoder(AUTOENCODER), "diffusion_pytorch_model.safetensors");
  }

  /** What a graph still needs must not lie in memory that the collector may take. */
  @Test
  void collectionsInTheMidstOfAnAutoencodersStepsChangeNothing() throws Exception {
    assertCollectionsChangeNothing(
        autoencoder(
            inFewSteps(AUTOENCODER)
                .replace("\"discriminator_start\": 6", "\"discriminator_start\": 2")));
  }

  @Test
  void collectionsInTheMidstOfAUnetsStepsChangeNothing() throws Exception {
    assertCollectionsChangeNothing(unet(inFewSteps(UNET)));
  }

  @Test
  void unetEqualsTheUninterruptedRun() throws Exception {
    assertUnetResumes(UNET);
  }

  @Test
  void unetOfMixedPrecisionEqualsTheUninterruptedRun() throws Exception {
    assumeTrue(Processor.here().computesBfloat16(), "this processor does not compute bfloat16");
    assertUnetResumes(
        UNET.replace("\"conditioning\"", "\"mixed_precision\": \"bf16\", \"conditioning\""));
  }

  private void assertUnetResumes(String json) throws Exception {
    assertResumes(unet(json), "unet/diffusion_pytorch_model.safetensors");
  }

  private static Training autoencoder(String json) {
    AutoencoderRecipeConfig config = AutoencoderRecipeConfig.parse("test", json);
    return (surroundings, result) ->
        AutoencoderTraining.fromNothing(
            config, DATA, DATA, surroundings, DEVICE, TensorType.F32, result);
  }

  private Training unet(String json) throws IOException {
    LatentDiffusionRecipeConfig config = LatentDiffusionRecipeConfig.parse("test", json);
    Path base = base();
    return (surroundings, result) ->
        LatentDiffusionTraining.run(
            config,
            base,
            DATA,
            folder.resolve("caches"),
            surroundings,
            DEVICE,
            TensorType.F32,
            result);
  }

  @Test
  void aTimestepShiftTrainsOtherTimes() throws Exception {
    String shifted = UNET.replace("\"conditioning\"", "\"timestep_shift\": 3, \"conditioning\"");
    double even = losses(unet(inFewSteps(UNET)), "even").losses.get(1);
    double noisy = losses(unet(inFewSteps(shifted)), "noisy").losses.get(1);
    assertNotEquals(even, noisy);
  }

  @Test
  void refusesANetworkThatItWouldTrainOtherwiseThanDiffusers() throws Exception {
    assertRefused("\"dropout\": 0.1", "dropout 0, for training here drops nothing, got 0.1");
    assertRefused("\"attention_type\": \"gated\"", "attention_type default");
    assertRefused(
        "\"encoder_hid_dim\": 8, \"encoder_hid_dim_type\": \"image_proj\"",
        "one that reads the embedding of a picture");
  }

  private void assertRefused(String field, String told) throws IOException {
    Training training = unet(UNET.replace("\"in_channels\"", field + ", \"in_channels\""));
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> losses(training, "refused"));
    assertTrue(refused.getMessage().contains(told), refused.getMessage());
  }

  @Test
  void refusesACheckpointOfAnotherRunAndADamagedOne() throws Exception {
    FolderCheckpoints checkpoints = new FolderCheckpoints(folder.resolve("checkpoints"));
    int[] asked = {0};
    Surroundings early = new Surroundings(checkpoints, new Notes(), () -> asked[0]++ == 2);
    Training training = autoencoder(AUTOENCODER);
    assertEquals(End.STOPPED, training.run(early, folder.resolve("result")));

    AutoencoderRecipeConfig other =
        AutoencoderRecipeConfig.parse("test", AUTOENCODER.replace("\"seed\": 3", "\"seed\": 4"));
    DiffusionException foreign =
        assertThrows(
            DiffusionException.class,
            () ->
                AutoencoderTraining.fromNothing(
                    other, DATA, DATA, early, DEVICE, TensorType.F32, folder.resolve("r")));
    assertTrue(foreign.getMessage().contains("another config"), foreign.getMessage());

    Path file = checkpoints.latest().orElseThrow().resolve("autoencoder.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 5] ^= 1;
    Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);
    DiffusionException damaged =
        assertThrows(DiffusionException.class, () -> training.run(early, folder.resolve("result")));
    assertTrue(damaged.getMessage().contains("it is damaged"), damaged.getMessage());
  }

  /** Collecting takes longer than computing. */
  private static String inFewSteps(String json) {
    return json.replace("\"steps\": 30", "\"steps\": 6");
  }

  private void assertCollectionsChangeNothing(Training training) throws InterruptedException {
    Notes quiet = losses(training, "quiet");
    AtomicBoolean over = new AtomicBoolean();
    Thread collector =
        new Thread(
            () -> {
              while (!over.get()) {
                System.gc();
              }
            });
    collector.start();
    try {
      assertEquals(quiet.losses, losses(training, "disturbed").losses);
    } finally {
      over.set(true);
      collector.join();
    }
  }

  private Notes losses(Training training, String name) {
    Notes notes = new Notes();
    training.run(
        new Surroundings(
            new FolderCheckpoints(folder.resolve(name + "-checkpoints")), notes, () -> false),
        folder.resolve(name));
    return notes;
  }

  private void assertResumes(Training training, String weights) throws Exception {
    Notes straight = new Notes();
    Path whole = folder.resolve("whole");
    assertEquals(
        End.FINISHED,
        training.run(
            new Surroundings(
                new FolderCheckpoints(folder.resolve("whole-checkpoints")), straight, () -> false),
            whole));
    assertEquals(30, straight.losses.size());
    assertEquals(2, straight.grids.size());

    // Killed: the checkpoint of step 8 is the newest, though three more steps were made.
    FolderCheckpoints checkpoints = new FolderCheckpoints(folder.resolve("checkpoints"));
    Notes first = new Notes();
    assertThrows(
        Killed.class,
        () ->
            training.run(
                new Surroundings(
                    checkpoints,
                    first,
                    () -> {
                      if (first.losses.size() == 11) {
                        throw new Killed();
                      }
                      return false;
                    }),
                folder.resolve("never")));
    Notes second = new Notes();
    Path resumed = folder.resolve("resumed");
    Thread fresh =
        new Thread(() -> training.run(new Surroundings(checkpoints, second, () -> false), resumed));
    fresh.start();
    fresh.join();

    assertEquals(java.util.List.of(4, 8), first.checkpoints);
    assertEquals(9, ((TreeMap<Integer, Double>) second.losses).firstKey());
    Map<Integer, Double> together = new TreeMap<>(first.losses);
    second.losses.forEach(
        (step, loss) -> {
          Double before = together.put(step, loss);
          assertTrue(before == null || before.equals(loss), "step " + step);
        });
    assertEquals(straight.losses, together);
    assertEquals(-1, Files.mismatch(whole.resolve(weights), resumed.resolve(weights)));
  }

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** A model without text: an autoencoder with random weights, and a schedule. */
  private Path base() throws IOException {
    Path base = folder.resolve("base");
    try (NDManager manager = TorchRuntime.newManager(DEVICE)) {
      String config = Configs.tree(AUTOENCODER).path("model").toString();
      new AutoencoderKL(
              AutoencoderConfig.of(ModelConfig.parse("model", config)),
              new SeededParameters(manager, 1),
              Execution.TRAINING)
          .save(base.resolve("vae"), TensorType.F32);
    }
    Files.createDirectories(base.resolve("scheduler"));
    Files.writeString(
        base.resolve("scheduler/scheduler_config.json"),
        """
        {"_class_name": "DPMSolverMultistepScheduler", "beta_schedule": "scaled_linear", "beta_start": 0.00085,
         "beta_end": 0.012, "prediction_type": "v_prediction"}
        """);
    return base;
  }
}
