package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.guidance.SelfAttentionNames;
import dev.darkroom.diffusion.pipeline.RowConditions.Shared;
import dev.darkroom.diffusion.sampler.Sampler;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a request tells a model's network, beside the latent and the time. */
record Conditioner(LatentDiffusionModel model) {
  private static final ClassifierFreeGuidance OFF = new ClassifierFreeGuidance(1, 0);

  /** The texts of a request, with what else the network is told. */
  Conditioning text(TextToImage request, Sampler sampler) {
    return text(request, sampler, null);
  }

  /**
   * The same for a model with classes. A network that was distilled with guidance is told the
   * guidance scale, and asked once.
   *
   * @param sampler of the run
   */
  Conditioning text(TextToImage request, Sampler sampler, @Nullable Integer classLabel) {
    Integer told = model.config().timeCondProjDim();
    double scale = request.guidance().scale();
    float[] timeCondition = told == null ? null : GuidanceEmbedding.of(scale, told);
    float[] toward = timeIds(request);
    float[] away =
        toward != null && model.scored()
            ? request.micro().ofRefinerAway(request.width(), request.height())
            : toward;
    ClassifierFreeGuidance guidance =
        model.family() == ModelFamily.LATENT_DIFFUSION
            ? request.guidance().alsoBelowOne()
            : request.guidance();
    return new TextConditioning(
        request,
        told == null ? guidance : OFF,
        sampler,
        model.prompts(),
        new Shared(toward, classLabel, timeCondition),
        new Shared(away, classLabel, timeCondition),
        perturbed(request.perturbed()));
  }

  /**
   * A request of a model that edits pictures.
   *
   * @param imageScale how closely to follow the picture
   */
  Conditioning edit(TextToImage request, double imageScale, Sampler sampler) {
    Shared told = new Shared(timeIds(request), null, null);
    boolean rescales = model.family() == ModelFamily.STABLE_DIFFUSION_XL;
    return new EditConditioning(
        request, imageScale, sampler.steps(), model.prompts(), rescales, told);
  }

  /** A request of a model that doubles a picture's size. */
  Conditioning upscale(TextToImage request, Sampler sampler) {
    return new UpscalerConditioning(
        new TextConditioning(
            request,
            request.guidance(),
            sampler,
            model.prompts(),
            Shared.NONE,
            Shared.NONE,
            perturbed(request.perturbed())));
  }

  /** The sizes that Stable Diffusion XL is told of what the prompt describes; else null. */
  private float @Nullable [] timeIds(TextToImage request) {
    if (!model.config().takesAddedConditions()) {
      return null;
    }
    MicroConditioning micro = request.micro();
    return model.scored()
        ? micro.ofRefiner(request.width(), request.height())
        : micro.ofBase(request.width(), request.height());
  }

  /** The layers that a request perturbs; none where it does not. */
  private Set<String> perturbed(PerturbedAttentionGuidance asked) {
    return asked.isOn()
        ? SelfAttentionNames.named(asked.layers(), model.unet().unet().selfAttentions())
        : Set.of();
  }
}
