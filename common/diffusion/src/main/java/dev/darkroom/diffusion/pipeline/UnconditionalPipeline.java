package dev.darkroom.diffusion.pipeline;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.pipeline.RowConditions.Shared;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerOptions;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pictures of nothing that a text asks for: unconditional and class-conditional latent diffusion
 * (Rombach et al. 2022, section 4.2; {@code LDMPipeline} of diffusers), the same on pixels (Ho et
 * al. 2020; {@code DDPMPipeline}, {@code DDIMPipeline}, {@code PNDMPipeline}; in one step, Song et
 * al. 2023; {@code ConsistencyModelPipeline}), and a {@code StableDiffusionPipeline} whose U-Net
 * was trained on classes or on nothing. A seed's stream gives the noise, then what the sampler
 * draws.
 *
 * <p>A sampler in sigma space begins at the level of its own first step; {@code LDMPipeline} reads
 * that level before the number of steps is known, which with {@code leading} spacing is another.
 */
public final class UnconditionalPipeline implements DiffusionPipeline {
  private static final Set<String> ON_PIXELS =
      Set.of("DDPMPipeline", "DDIMPipeline", "PNDMPipeline", "ConsistencyModelPipeline");
  private static final int RGB = 3;

  private final Parts parts;

  /**
   * @param loader of the parts, and their owner
   * @param net the network
   * @param sampler the pipeline's own, or null where the scheduler's file says
   * @param side of the latents that it was trained on
   * @param steps that diffusers' pipeline makes where nobody says
   */
  private record Parts(
      ComponentLoader loader,
      UnpromptedNet net,
      FirstStage firstStage,
      SchedulerConfig scheduler,
      @Nullable SamplerType sampler,
      int side,
      int steps) {
    Parts with(FirstStage other) {
      return new Parts(loader, net, other, scheduler, sampler, side, steps);
    }

    Parts with(Windows windows) {
      return new Parts(loader, net.through(windows), firstStage, scheduler, sampler, side, steps);
    }

    Parts with(SchedulerConfig other) {
      return new Parts(loader, net, firstStage, other, sampler, side, steps);
    }
  }

  private UnconditionalPipeline(Parts parts) {
    this.parts = parts;
  }

  static UnconditionalPipeline load(ModelSource source, Device device, Precision precision) {
    return ComponentLoader.resident(source, device, precision, UnconditionalPipeline::from);
  }

  /** The same with one component in memory at a time. */
  static UnconditionalPipeline offloaded(
      Supplier<ModelSource> sources, Device device, Precision precision) {
    return ComponentLoader.offloaded(sources, device, precision, UnconditionalPipeline::from);
  }

  private static UnconditionalPipeline from(ComponentLoader loader) {
    ModelSource source = loader.source();
    String className = source.index().className();
    SchedulerConfig scheduler = source.scheduler("scheduler");
    UnpromptedNet net = UnpromptedNet.load(loader);
    boolean onLatents = !ON_PIXELS.contains(className);
    FirstStage firstStage =
        onLatents ? loader.firstStage(null) : FirstStage.ofPixels(loader.manager(), net.channels());
    if (net.channels() != firstStage.channels() || firstStage.colours() != RGB) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a U-Net of %s, got one of %d channels"
              .formatted(
                  source.place(),
                  onLatents
                      ? "%d channels, as the latents of an autoencoder of 3 colours have"
                          .formatted(firstStage.channels())
                      : "3 colours, or of one gray",
                  net.channels()));
    }
    int untold = onLatents ? 64 : 256;
    return new UnconditionalPipeline(
        new Parts(
            loader,
            net,
            firstStage,
            scheduler,
            className.equals("DDIMPipeline") ? SamplerType.DDIM : null,
            net.side() == 0 ? untold : net.side(),
            switch (className) {
              case "DDPMPipeline" -> scheduler.numTrainTimesteps();
              case "ConsistencyModelPipeline" -> 1;
              default -> 50;
            }));
  }

  /**
   * Makes one picture for each seed, together.
   *
   * @throws DiffusionException if the class is not one of the model's
   */
  public List<GeneratedImage> generate(Unprompted request, List<Seed> seeds, Progress progress) {
    LatentShape shape = latentShape(request.width(), request.height());
    request.sampling().requireWhole();
    Sampler sampler = sampler(request.sampling());

    // 1. class
    Conditioning conditioning = conditioning(request, sampler.steps());
    progress.encoded();

    // 2. noise
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      TorchGenerator generator = seed.generator();
      float[] noise = seed.initialNoise(shape, generator);
      pictures.add(Picture.of(sampler.start(noise, generator)));
    }

    // 3. denoise
    List<float[]> latents =
        new DenoisingLoop(
                parts.net().unet(), sampler, conditioning, shape, sampler.steps(), progress)
            .run(pictures);

    // 4. decode
    return parts.firstStage().decode(latents, shape, progress);
  }

  private Sampler sampler(Sampling asked) {
    SamplerType own = parts.sampler();
    SamplerType type =
        asked.sampler() != null
            ? asked.sampler()
            : own == null ? SamplerType.of(parts.scheduler()) : own;
    return type.create(
        parts.scheduler(),
        new SamplerOptions(asked.steps(), asked.eta(), null, null, asked.originalSteps(), null));
  }

  private Conditioning conditioning(Unprompted request, int steps) {
    Integer classes = parts.net().classes();
    Integer label = request.classLabel();
    ClassifierFreeGuidance guidance = request.guidance();
    if (classes == null) {
      if (label != null) {
        throw DiffusionException.badInput(
            "class: expected none for a model without classes, got %d; leave it out"
                .formatted(label));
      }
      if (guidance.isOn()) {
        throw DiffusionException.badInput(
            "guidance scale: expected 1 for a model that is conditioned on nothing, got %s; leave it out"
                .formatted(guidance.scale()));
      }
      return new ClassConditioning(of(null), null, guidance, steps);
    }
    if (label == null || label < 0 || label >= classes) {
      throw DiffusionException.badInput(
          "class: expected 0 to %d, as the model has, got %s"
              .formatted(classes - 1, Objects.requireNonNullElse(label, "none")));
    }
    return new ClassConditioning(
        of(label), guidance.isOn() ? of(classes - 1) : null, guidance, steps);
  }

  private RowConditions of(@Nullable Integer classLabel) {
    return new RowConditions(parts.net().context(), null, new Shared(null, classLabel, null));
  }

  /** The classes that it tells apart, or null: rows of its table, the last often for none. */
  public @Nullable Integer classes() {
    return parts.net().classes();
  }

  /** The latent of a picture: its sides over the autoencoder's factor, which must divide them. */
  public LatentShape latentShape(int width, int height) {
    return parts.firstStage().latentShape(width, height);
  }

  /** Pixels to a side of a latent's pixel. */
  public int factor() {
    return parts.firstStage().factor();
  }

  /** Width and height of the pictures it was trained on. */
  public int defaultSide() {
    return parts.side() * parts.firstStage().factor();
  }

  /** The steps that diffusers' pipeline makes where nobody says. */
  public int defaultSteps() {
    return parts.steps();
  }

  /**
   * The same model, with another belief of what its network predicts; closing either closes both.
   */
  public UnconditionalPipeline predicting(PredictionType type) {
    return new UnconditionalPipeline(
        parts.with(parts.scheduler().with("prediction_type", type.configName())));
  }

  /**
   * The same model, which decodes pictures larger than its autoencoder was trained on a tile at a
   * time; closing either closes both.
   */
  public UnconditionalPipeline tiled() {
    return new UnconditionalPipeline(parts.with(parts.firstStage().tiled()));
  }

  /**
   * The same model, whose network sees pictures larger than a window in overlapping windows, one
   * after the other, and averages what they show: Bar-Tal et al. 2023. Closing either closes both.
   *
   * @param side of a window in pixels, a multiple of {@link #factor()}
   * @param overlap pixels that a window shares with the next, another such multiple
   */
  public UnconditionalPipeline windowed(int side, int overlap) {
    Windows windows = Windows.ofPixels(side, overlap, parts.firstStage().factor());
    return new UnconditionalPipeline(parts.with(windows));
  }

  @Override
  public void close() {
    parts.loader().close();
  }
}
