package dev.darkroom.diffusion.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.adapter.Lora;
import dev.darkroom.diffusion.adapter.LoraBase;
import dev.darkroom.diffusion.adapter.LoraWeights;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.guidance.SelfAttentionNames;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.RowConditions.Shared;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerOptions;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.schedule.NoiseSchedule;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.text.TextualInversion;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
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
  private static final String LOW_RES = "low_res_scheduler";
  private static final ClassifierFreeGuidance OFF = new ClassifierFreeGuidance(1, 0);

  /**
   * Loads the parts.
   *
   * @throws DiffusionException if one is missing, not whole, or does not fit the others
   */
  static LatentDiffusionModel load(ModelSource source, Device device, Precision precision) {
    return ComponentLoader.resident(source, device, precision, LatentDiffusionModel::from);
  }

  /** The same with one part in memory at a time. */
  static LatentDiffusionModel offloaded(
      Supplier<ModelSource> sources, Device device, Precision precision) {
    return ComponentLoader.offloaded(sources, device, precision, LatentDiffusionModel::from);
  }

  private static LatentDiffusionModel from(ComponentLoader loader) {
    ModelSource source = loader.source();
    SchedulerConfig scheduler = source.scheduler("scheduler");
    ModelFamily family = ModelFamily.of(source.index());
    LowResolution noised = noised(source);
    Beside<TextEncoding> texts = loader.beside("prompts", () -> prompts(loader, family));
    Beside<Part<UNet2DConditionModel>> net = loader.beside("unet", loader::unet);
    Beside<FirstStage> stage =
        Beside.here(() -> loader.firstStage(noised == null ? null : LowResolution.SCALING_FACTOR));
    boolean whole = false;
    try {
      TextEncoding prompts = texts.get();
      Part<UNet2DConditionModel> unet = net.get();
      FirstStage firstStage = stage.get();
      LatentDiffusionModel model =
          new LatentDiffusionModel(
              prompts,
              new RowPredictor(unet, loader.manager()),
              firstStage,
              scheduler,
              family,
              extra(source, family, unet.outline().config(), firstStage.channels()),
              noised,
              flag(source, "requires_aesthetics_score", false),
              flag(source, "is_cosxl_edit", false),
              loader,
              null);
      new FittingParts(source, model).check();
      whole = true;
      return model;
    } finally {
      if (!whole) {
        texts.discard(TextEncoding::close);
        net.discard(made -> {}); // its weights are the loader's
      }
    }
  }

  private static TextEncoding prompts(ComponentLoader loader, ModelFamily family) {
    return switch (family) {
      case STABLE_DIFFUSION, LATENT_CONSISTENCY -> loader.prompts();
      case STABLE_DIFFUSION_XL ->
          loader.dualPrompts(flag(loader.source(), "force_zeros_for_empty_prompt", true));
      case LATENT_DIFFUSION -> loader.bertPrompts();
      case LATENT_UPSCALER -> loader.upscalerPrompts();
    };
  }

  private static boolean flag(ModelSource source, String setting, boolean absent) {
    JsonNode value = source.index().settings().get(setting);
    return value == null || value.isNull() ? absent : value.booleanValue();
  }

  /**
   * What the network reads beside the latent, told from its channels.
   *
   * @throws DiffusionException if no kind of model has so many
   */
  private static ExtraChannels extra(
      ModelSource source, ModelFamily family, UNetConfig unet, int latent) {
    int count = unet.inChannels() - latent;
    boolean upscales = source.index().components().containsKey(LOW_RES);
    boolean doubles = family == ModelFamily.LATENT_UPSCALER;
    for (ExtraChannels extra : ExtraChannels.values()) {
      if (extra.count(latent) == count
          && (extra == ExtraChannels.LOW_RESOLUTION) == upscales
          && (extra == ExtraChannels.SMALL_LATENT) == doubles) {
        return extra;
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: expected a U-Net that reads a latent of %d channels, alone or with what a model for %s reads, got one of %d channels"
            .formatted(
                source.place(),
                latent,
                Arrays.stream(ExtraChannels.values())
                    .skip(1)
                    .map(ExtraChannels::purpose)
                    .collect(Collectors.joining(", ")),
                unet.inChannels()));
  }

  private static @Nullable LowResolution noised(ModelSource source) {
    if (!source.index().components().containsKey(LOW_RES)) {
      return null;
    }
    JsonNode most = source.index().settings().get("max_noise_level");
    return new LowResolution(
        NoiseSchedule.of(source.scheduler(LOW_RES)),
        most == null ? LowResolution.DEFAULT_MAX_NOISE_LEVEL : most.intValue());
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

  /** The texts of a request, with what else the network is told. */
  Conditioning conditioning(TextToImage request, Sampler sampler) {
    return conditioning(request, sampler, null);
  }

  /**
   * The same for a model with classes. A network that was distilled with guidance is told the
   * guidance scale, and asked once.
   *
   * @param sampler of the run
   */
  Conditioning conditioning(TextToImage request, Sampler sampler, @Nullable Integer classLabel) {
    Integer told = config().timeCondProjDim();
    double scale = request.guidance().scale();
    float[] timeCondition = told == null ? null : GuidanceEmbedding.of(scale, told);
    float[] toward = timeIds(request);
    float[] away =
        toward != null && scored
            ? request.micro().ofRefinerAway(request.width(), request.height())
            : toward;
    ClassifierFreeGuidance guidance =
        family == ModelFamily.LATENT_DIFFUSION
            ? request.guidance().alsoBelowOne()
            : request.guidance();
    return new TextConditioning(
        request,
        told == null ? guidance : OFF,
        sampler,
        prompts,
        new Shared(toward, classLabel, timeCondition),
        new Shared(away, classLabel, timeCondition),
        perturbed(request.perturbed()));
  }

  /**
   * A request of a model that edits pictures.
   *
   * @param imageScale how closely to follow the picture
   */
  Conditioning editing(TextToImage request, double imageScale, Sampler sampler) {
    Shared told = new Shared(timeIds(request), null, null);
    boolean rescales = family == ModelFamily.STABLE_DIFFUSION_XL;
    return new EditConditioning(request, imageScale, sampler.steps(), prompts, rescales, told);
  }

  /** A request of a model that doubles a picture's size. */
  Conditioning upscaling(TextToImage request, Sampler sampler) {
    return new UpscalerConditioning(
        new TextConditioning(
            request,
            request.guidance(),
            sampler,
            prompts,
            Shared.NONE,
            Shared.NONE,
            perturbed(request.perturbed())));
  }

  /** The sizes that Stable Diffusion XL is told of what the prompt describes; else null. */
  private float @Nullable [] timeIds(TextToImage request) {
    if (!config().takesAddedConditions()) {
      return null;
    }
    MicroConditioning micro = request.micro();
    return scored
        ? micro.ofRefiner(request.width(), request.height())
        : micro.ofBase(request.width(), request.height());
  }

  /** The layers that a request perturbs; none where it does not. */
  private Set<String> perturbed(PerturbedAttentionGuidance asked) {
    return asked.isOn()
        ? SelfAttentionNames.named(asked.layers(), unet.unet().selfAttentions())
        : Set.of();
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
