package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.schedule.NoiseSchedule;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.Draw;
import dev.darkroom.trainer.data.Sample;
import dev.darkroom.trainer.loop.Check;
import dev.darkroom.trainer.loop.Learner;
import dev.darkroom.trainer.loop.Recipe;
import dev.darkroom.trainer.loop.RowNoise;
import dev.darkroom.trainer.loop.RunConfig;
import dev.darkroom.trainer.loop.SampleOrder;
import dev.darkroom.trainer.loop.TrainingListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Trains a U-Net to undo noise on the latents of a frozen autoencoder. Rombach et al. 2022, section
 * 3.2 and 3.3; min-SNR weighting of Hang et al. 2023; dropout of the condition for guidance, Ho and
 * Salimans 2022.
 */
public final class LatentDiffusionRecipe implements Recipe {
  private final LatentDiffusionRecipeConfig config;
  private final UNet2DConditionModel unet;
  private final Learner learner;
  private final Dataset data;
  private final LatentDiffusionBase base;
  private final LatentCache latents;
  private final NoiseSchedule schedule;
  private final PredictionType prediction;
  private final Timesteps timesteps;
  private final RowNoise noise;
  private final SampleOrder order;
  private final Program program;
  private final NDManager manager;

  /**
   * @param unet to start from, built for training
   * @param base the frozen parts beside it
   * @param manager owner of everything made here
   */
  LatentDiffusionRecipe(
      LatentDiffusionRecipeConfig config,
      UNet2DConditionModel unet,
      LatentDiffusionBase base,
      Dataset data,
      LatentCache latents,
      NDManager manager) {
    Integer classes = unet.config().numClassEmbeds();
    Check.that(
        config.conditioning() != Conditioning.CLASS || (classes != null && classes > 1),
        "conditioning: expected a U-Net with num_class_embeds, one more than there are classes, got none");
    this.config = config;
    this.unet = unet;
    this.base = base;
    this.data = data;
    this.latents = latents;
    this.manager = manager;
    this.schedule = NoiseSchedule.of(base.scheduler());
    this.prediction = base.scheduler().predictionType();
    this.timesteps = new Timesteps(schedule.numTrainTimesteps(), config.timestepShift());
    this.noise = new RowNoise(manager);
    this.order = new SampleOrder(data.size(), config.run().seed());
    this.program =
        Program.compile(
            manager, Program.source(LatentDiffusionRecipe.class, "latent-diffusion.py"));
    this.learner = new Learner("unet", unet.parameters(), config.optimizer(), manager);
  }

  @Override
  public List<Learner> learners() {
    return List.of(learner);
  }

  @Override
  public Map<String, Double> step(int step) {
    RunConfig run = config.run();
    double share = 1.0 / run.gradientAccumulationSteps();
    double loss = 0;
    for (int part = 0; part < run.gradientAccumulationSteps(); part++) {
      long position = (long) step * run.samplesPerStep() + (long) part * run.batchSize();
      try (GradMode mode = GradMode.on();
          Scope scope = Scope.open()) {
        NDArray error = error(step, position);
        loss += error.getFloat() * share;
        Autograd.backward(error, share);
      }
    }
    double learningRate = config.optimizer().schedule(run.steps()).at(step);
    double norm = learner.update(learningRate);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", loss);
    metrics.put("gradient_norm", norm);
    metrics.put("learning_rate", learningRate);
    return metrics;
  }

  /** The loss of one forward: the samples from {@code position} on. */
  private NDArray error(int step, long position) {
    int rows = config.run().batchSize();
    long seed = config.run().seed();
    Shape shape = latents.shape();
    int size = (int) shape.size();

    // 1. what each row is: a latent, a time, a condition
    float[] clean = new float[rows * size];
    int[] times = new int[rows];
    List<String> captions = new ArrayList<>();
    long[] classes = new long[rows];
    List<Draw> places = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      Sample sample = data.draw(order.at(position + row), seed, position + row);
      Draw place = new Draw(seed, step, position + row);
      boolean dropped =
          place.random(Draw.Purpose.CAPTION_DROPOUT).nextDouble() < config.captionDropout();
      float[] latent = latents.latent(sample.index(), sample.variant());
      System.arraycopy(latent, 0, clean, row * size, size);
      times[row] = timesteps.draw(place.random(Draw.Purpose.TIMESTEP));
      captions.add(dropped ? "" : sample.caption());
      classes[row] = dropped ? base.noClass(unet) : sample.label().orElse(base.noClass(unet));
      places.add(place);
    }

    // 2. noise it
    NDArray x0 = manager.create(clean, new Shape(rows).addAll(shape));
    NDArray epsilon = noise.draw(shape, Draw.Purpose.NOISE, places);
    NDArray xt = schedule.addNoise(x0, epsilon, times);

    // 3. predict, and compare
    NDArray predicted =
        unet.forward(
            xt, floats(times), base.conditions(config.conditioning(), unet, captions, classes));
    NDArray target = schedule.target(prediction, x0, epsilon, times);
    float[] weights = new float[rows];
    if (config.snrGamma() == null) {
      Arrays.fill(weights, 1);
    } else {
      weights = schedule.minSnrWeights(prediction, times, config.snrGamma().floatValue());
    }
    return program
        .call("weighted_error")
        .tensor(predicted)
        .tensor(target)
        .tensor(manager.create(weights))
        .run();
  }

  private NDArray floats(int[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values[i];
    }
    return manager.create(floats);
  }

  @Override
  public Map<String, Double> validate(int done, TrainingListener listener) {
    try (Learner.Averaged average = learner.averaged();
        GradMode mode = GradMode.off()) {
      if (config.conditioning() != Conditioning.TEXT || !config.validationPrompts().isEmpty()) {
        SampleGrid grid = new SampleGrid(config, unet, base, latents.shape(), manager);
        listener.samples(done, grid.draw());
      }
      return Map.of();
    }
  }

  /** The average's parameters stand in the model while this is open. */
  Learner.Averaged averaged() {
    return learner.averaged();
  }
}
