package dev.darkroom.diffusion.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.adapter.Lora;
import dev.darkroom.diffusion.adapter.LoraBase;
import dev.darkroom.diffusion.adapter.LoraWeights;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerOptions;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.text.TextualInversion;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The loaded parts that every text-conditioned pipeline is made of. Rombach et al. 2022, figure 3.
 *
 * @param prompts the conditioning
 * @param unet the network
 * @param firstStage the autoencoder
 * @param scheduler as the model's files have it
 * @param family whose pipelines and defaults these are
 * @param extra what the network reads beside the latent
 * @param noised how an upscaler's picture is; null for other models
 * @param scored whether it is a refiner that is told an aesthetic score
 * @param scalesEdited whether the latent of a picture to edit is scaled as the network's own is
 * @param loader of the parts, and their owner
 * @param windows through which the network sees large latents; null for the whole at once
 */
record LatentDiffusionModel(
    TextEncoding prompts,
    RowPredictor unet,
    FirstStage firstStage,
    SchedulerConfig scheduler,
    ModelFamily family,
    ExtraChannels extra,
    @Nullable LowResolution noised,
    boolean scored,
    boolean scalesEdited,
    ComponentLoader loader,
    @Nullable Windows windows)
    implements AutoCloseable {
  /**
   * Loads the parts.
   *
   * @throws DiffusionException if one is missing, not whole, or does not fit the others
   */
  static LatentDiffusionModel load(ModelSource source, Device device, Precision precision) {
    return ComponentLoader.resident(source, device, precision, LatentDiffusionAssembly::of);
  }

  /** The same with one part in memory at a time. */
  static LatentDiffusionModel offloaded(
      Supplier<ModelSource> sources, Device device, Precision precision) {
    return ComponentLoader.offloaded(sources, device, precision, LatentDiffusionAssembly::of);
  }

  /** Owner of what stays in memory; calls make their tensors in children of it. */
  NDManager manager() {
    return loader.manager();
  }

  UNetConfig config() {
    return unet.unet().config();
  }

  /** Width and height of the pictures it was trained on. */
  int defaultSide() {
    int untold = family == ModelFamily.STABLE_DIFFUSION_XL ? 128 : 64;
    int latent = config().sampleSize();
    return (latent == 0 ? untold : latent) * firstStage.factor();
  }

  LatentDiffusionModel predicting(PredictionType type) {
    return with(prompts, scheduler.with("prediction_type", type.configName()));
  }

  LatentDiffusionModel with(List<TextualInversion> embeddings) {
    return with(prompts.with(embeddings), scheduler);
  }

  private LatentDiffusionModel with(TextEncoding otherPrompts, SchedulerConfig otherScheduler) {
    return with(otherPrompts, unet, firstStage, otherScheduler, windows);
  }

  private LatentDiffusionModel with(TextEncoding otherPrompts, RowPredictor otherUnet) {
    return with(otherPrompts, otherUnet, firstStage, scheduler, windows);
  }

  private LatentDiffusionModel with(
      TextEncoding otherPrompts,
      RowPredictor otherUnet,
      FirstStage otherFirstStage,
      SchedulerConfig otherScheduler,
      @Nullable Windows otherWindows) {
    return new LatentDiffusionModel(
        otherPrompts,
        otherUnet,
        otherFirstStage,
        otherScheduler,
        family,
        extra,
        noised,
        scored,
        scalesEdited,
        loader,
        otherWindows);
  }

  /**
   * The same with LoRAs, and the embeddings that they bring.
   *
   * @throws DiffusionException if one was made for another base model
   */
  LatentDiffusionModel adapted(List<Adapter> adapters) {
    List<LoraBase> bases = new ArrayList<>(List.of(LoraBase.of(unet.unet())));
    bases.addAll(prompts.loraBases());
    List<LoraWeights> read = new ArrayList<>();
    for (Adapter adapter : adapters) {
      try (Lora lora = Lora.open(adapter.file())) {
        read.add(lora.read(bases, manager()));
      }
    }
    List<Adaptation> adaptations = new ArrayList<>();
    for (LoraBase base : bases) {
      List<Adaptation.Change> changes = new ArrayList<>();
      for (int i = 0; i < read.size(); i++) {
        float strength = (float) adapters.get(i).scale();
        changes.add(new Adaptation.Change(read.get(i).of(base), strength));
      }
      adaptations.add(new Adaptation(changes));
    }
    List<TextualInversion> embeddings =
        read.stream().flatMap(weights -> weights.embeddings().stream()).toList();
    LatentDiffusionModel adapted =
        with(
            prompts.adapted(adaptations.subList(1, adaptations.size())),
            unet.adapted(adaptations.getFirst()));
    return embeddings.isEmpty() ? adapted : adapted.with(embeddings);
  }

  /**
   * The same with ControlNets.
   *
   * @throws DiffusionException if one was made for another base model
   */
  LatentDiffusionModel controlled(List<Control> controls, boolean guess) {
    Controls nets =
        Controls.load(
            controls, guess, unet.unet().config(), manager(), loader.precision().network());
    return with(prompts, unet.controlled(nets));
  }

  /** The same, whose ControlNets read what becomes of their pictures. */
  LatentDiffusionModel controlledBy(UnaryOperator<RgbImage> changed) {
    return with(prompts, unet.controlled(unet.controls().reading(changed)));
  }

  /** The same with less memory for large pictures. */
  LatentDiffusionModel tiled() {
    return with(prompts, unet, firstStage.tiled(), scheduler, windows);
  }

  /** The same, whose network sees large latents through windows. */
  LatentDiffusionModel windowed(Windows others) {
    return with(prompts, unet, firstStage, scheduler, others);
  }

  /** What a loop asks. */
  Predictor predictor() {
    Predictor net = family == ModelFamily.LATENT_UPSCALER ? new UpscalerVelocity(unet) : unet;
    return windows == null ? net : new WindowedPredictor(net, windows);
  }

  /** How an upscaler's picture is noised; every model that reads one has it. */
  LowResolution lowResolution() {
    return Objects.requireNonNull(noised, "of a model for upscaling");
  }

  /**
   * @throws DiffusionException if this model is for something else
   */
  void requireFor(ExtraChannels... purposes) {
    if (!List.of(purposes).contains(extra)) {
      throw DiffusionException.badInput(
          "model: expected one for %s, got one for %s"
              .formatted(purposes[0].purpose(), extra.purpose()));
    }
  }

  /** Whether its rows are conditioned on a prompt alone. */
  boolean isConditionedOnTextAlone() {
    return extra == ExtraChannels.NOTHING
        && !config().takesAddedConditions()
        && config().timeCondProjDim() == null;
  }

  /** What requests tell the network. */
  Conditioner conditioner() {
    return new Conditioner(this);
  }

  /** The sampler of a request on this model's schedule, corrected as diffusers' pipeline does. */
  Sampler sampler(Sampling asked, EarlyExport export) {
    return sampler(asked, export, null);
  }

  /**
   * Whether a run from a picture makes all its steps, at times that are as close as the picture's
   * strength says: a latent consistency model's. Other runs leave out the first steps.
   */
  boolean spreadsStepsOverStrength(Sampling asked) {
    SamplerType type = asked.sampler() == null ? SamplerType.of(scheduler) : asked.sampler();
    return family == ModelFamily.LATENT_CONSISTENCY && type.isDistilled();
  }

  /**
   * The same over a part of the times.
   *
   * @param strength where steps are spread over it; else null
   */
  Sampler sampler(Sampling asked, EarlyExport export, @Nullable Double strength) {
    SamplerType other = asked.sampler();
    // diffusers' pipelines with ControlNets, and that of panoramas, correct nothing.
    boolean corrected =
        family == ModelFamily.STABLE_DIFFUSION
            && unet.controls().nets().isEmpty()
            && windows == null;
    SchedulerConfig config = corrected ? export.correct(scheduler, other == null) : scheduler;
    SamplerType type = other == null ? SamplerType.of(config) : other;
    return type.create(
        config,
        new SamplerOptions(
            asked.steps(), asked.eta(), null, null, asked.originalSteps(), strength));
  }

  /** T, the training times. */
  int trainSteps() {
    return scheduler.numTrainTimesteps();
  }

  @Override
  public void close() {
    loader.close();
    prompts.close();
  }
}
