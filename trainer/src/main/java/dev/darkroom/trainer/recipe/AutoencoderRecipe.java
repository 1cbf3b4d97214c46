package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.LinearStart;
import dev.darkroom.diffusion.autoencoder.Posterior;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.Draw;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.data.Sample;
import dev.darkroom.trainer.loop.Check;
import dev.darkroom.trainer.loop.Learner;
import dev.darkroom.trainer.loop.Recipe;
import dev.darkroom.trainer.loop.RowNoise;
import dev.darkroom.trainer.loop.RunConfig;
import dev.darkroom.trainer.loop.SampleOrder;
import dev.darkroom.trainer.loop.TrainingListener;
import dev.darkroom.trainer.loss.AutoencoderLosses;
import dev.darkroom.trainer.loss.Lpips;
import dev.darkroom.trainer.loss.PatchDiscriminator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Trains an autoencoder on crops of pictures: L1, LPIPS, KL, and a patch discriminator where the
 * config names its first step. Rombach et al. 2022, section 3.1 and appendix G.
 */
public final class AutoencoderRecipe implements Recipe {
  private final AutoencoderRecipeConfig config;
  private final AutoencoderKL autoencoder;
  private final PatchDiscriminator discriminator;
  private final Learner learner;
  private final Learner adversary;
  private final Dataset data;
  private final HeldOutPictures heldOut;
  private final NDManager manager;
  private final AutoencoderLosses losses;
  private final Lpips lpips;
  private final RowNoise noise;
  private final SampleOrder order;

  /**
   * @param autoencoder to start from, built for {@link Execution#TRAINING}
   * @param heldOut pictures that are only looked at
   * @param manager owner of everything made here
   */
  public AutoencoderRecipe(
      AutoencoderRecipeConfig config,
      AutoencoderKL autoencoder,
      Dataset data,
      Dataset heldOut,
      NDManager manager) {
    Check.that(
        config.crop() <= Math.min(data.width(), data.height()),
        "crop: expected at most the pictures' %dx%d, got %d"
            .formatted(data.width(), data.height(), config.crop()));
    this.config = config;
    this.autoencoder = autoencoder;
    this.data = data;
    this.manager = manager;
    this.losses = new AutoencoderLosses(manager);
    this.lpips = new Lpips(manager);
    this.noise = new RowNoise(manager);
    this.order = new SampleOrder(data.size(), config.run().seed());
    this.heldOut = new HeldOutPictures(heldOut, lpips, manager);
    this.discriminator =
        new PatchDiscriminator(
            config.discriminatorChannels(),
            config.discriminatorLayers(),
            new SeededParameters(manager, config.run().seed()));
    this.learner =
        new Learner("autoencoder", autoencoder.parameters(), config.optimizer(), manager);
    this.adversary =
        new Learner("discriminator", discriminator.parameters(), config.optimizer(), manager);
  }

  /** An autoencoder of the config's shape that starts as a linear map, drawn by the seed. */
  public static AutoencoderKL fromNothing(AutoencoderRecipeConfig config, NDManager manager) {
    return new AutoencoderKL(
        config.autoencoder(), new LinearStart(manager, config.run().seed()), Execution.TRAINING);
  }

  @Override
  public List<Learner> learners() {
    return config.discriminatorStart() == null ? List.of(learner) : List.of(learner, adversary);
  }

  /** The average's parameters stand in the model while this is open. */
  public Learner.Averaged averaged() {
    return learner.averaged();
  }

  @Override
  public Map<String, Double> step(int step) {
    RunConfig run = config.run();
    boolean adversarial =
        config.discriminatorStart() != null && step >= config.discriminatorStart();
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (int part = 0; part < run.gradientAccumulationSteps(); part++) {
      long position = (long) step * run.samplesPerStep() + (long) part * run.batchSize();
      try (GradMode mode = GradMode.on();
          Scope scope = Scope.open()) {
        accumulate(batch(position), places(step, position), adversarial, metrics);
      }
    }
    double learningRate = config.optimizer().schedule(run.steps()).at(step);
    metrics.put("gradient_norm", learner.update(learningRate));
    if (adversarial) {
      adversary.update(learningRate);
    }
    metrics.put("learning_rate", learningRate);
    return metrics;
  }

  private void accumulate(
      NDArray x, List<Draw> places, boolean adversarial, Map<String, Double> metrics) {
    double share = 1.0 / config.run().gradientAccumulationSteps();

    // 1. encode, draw a latent, decode
    Posterior posterior = autoencoder.encode(x);
    NDArray epsilon =
        noise.draw(posterior.mean().getShape().slice(1), Draw.Purpose.POSTERIOR, places);
    NDArray y = autoencoder.decode(losses.sampled(posterior, epsilon));

    // 2. the picture's distance, and the latent's
    NDArray absolute = losses.absolute(y, x);
    NDArray reconstruction = absolute;
    if (config.perceptualWeight() > 0) {
      NDArray perceptual = lpips.distance(y, x);
      reconstruction = losses.plus(absolute, perceptual, config.perceptualWeight());
      note(metrics, "lpips", perceptual, share);
    }
    NDArray kl = losses.kl(posterior);
    NDArray loss = losses.plus(reconstruction, kl, config.klWeight());

    // 3. the adversary's opinion, as strong as the reconstruction
    if (adversarial) {
      adversary.record(false);
      NDArray opinion = discriminator.adversarialLoss(y);
      NDArray weight =
          discriminator.adaptiveWeight(reconstruction, opinion, autoencoder.lastLayer());
      loss = losses.plus(loss, opinion.mul(weight), config.discriminatorWeight());
      adversary.record(true);
      note(metrics, "adversarial", opinion, share);
      note(metrics, "adversarial_weight", weight, share);
    }
    note(metrics, "loss", loss, share);
    note(metrics, "l1", absolute, share);
    note(metrics, "kl", kl, share);
    Autograd.backward(loss, share);

    // 4. the adversary learns from the same pictures
    if (adversarial) {
      NDArray wrong = discriminator.loss(x, y.stopGradient());
      note(metrics, "discriminator", wrong, share);
      Autograd.backward(wrong, share);
    }
  }

  private static void note(Map<String, Double> metrics, String name, NDArray value, double share) {
    metrics.merge(name, value.getFloat() * share, Double::sum);
  }

  /** [batchSize, 3, crop, crop]: the samples from {@code position} on. */
  private NDArray batch(long position) {
    int rows = config.run().batchSize();
    int side = config.crop();
    float[] pixels = new float[rows * 3 * side * side];
    for (int row = 0; row < rows; row++) {
      long seed = config.run().seed();
      Sample sample = data.draw(order.at(position + row), seed, position + row);
      Picture picture = data.picture(sample.index(), sample.variant());
      SplittableRandom random =
          new Draw(seed, position + row, sample.index()).random(Draw.Purpose.CROP);
      int left = random.nextInt(picture.width() - side + 1);
      int top = random.nextInt(picture.height() - side + 1);
      picture.crop(left, top, side, side).writePlanes(pixels, row * 3 * side * side);
    }
    return manager.create(pixels, new Shape(rows, 3, side, side));
  }

  private List<Draw> places(int step, long position) {
    List<Draw> places = new ArrayList<>();
    for (int row = 0; row < config.run().batchSize(); row++) {
      places.add(new Draw(config.run().seed(), step, position + row));
    }
    return places;
  }

  @Override
  public Map<String, Double> validate(int done, TrainingListener listener) {
    try (Learner.Averaged average = learner.averaged();
        GradMode mode = GradMode.off()) {
      return heldOut.measure(autoencoder, grid -> listener.samples(done, grid));
    }
  }
}
