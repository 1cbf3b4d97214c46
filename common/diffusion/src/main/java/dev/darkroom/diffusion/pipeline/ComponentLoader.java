package dev.darkroom.diffusion.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.LatentScaling;
import dev.darkroom.diffusion.autoencoder.VQModel;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.pipeline.OffloadedPart.Seat;
import dev.darkroom.diffusion.text.BertModel;
import dev.darkroom.diffusion.text.CLIPTextModel;
import dev.darkroom.diffusion.text.CLIPTextModelWithProjection;
import dev.darkroom.diffusion.text.TextEncoder;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNet2DModel;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loads components of the classes that the pipelines know.
 *
 * @param manager owner of the weights
 * @param precision that they compute with
 * @param offloading how components come and go; null where all stay
 */
record ComponentLoader(
    ModelSource source, NDManager manager, Precision precision, @Nullable Offloading offloading) {
  private static final int BERT_TOKENS = 77;

  /**
   * One component at a time.
   *
   * @param sources opens the model anew, each time that one is loaded
   * @param seat where it is
   */
  record Offloading(Supplier<ModelSource> sources, Seat seat) {}

  /**
   * Makes a model whose components stay.
   *
   * @param source open while it is made
   * @param model of its components; where it fails, they are freed
   */
  static <T> T resident(
      ModelSource source, Device device, Precision precision, Function<ComponentLoader, T> model) {
    return made(
        new ComponentLoader(source, TorchRuntime.newManager(device), precision, null), model);
  }

  /**
   * The same with one component in memory at a time: each is loaded when its turn comes.
   *
   * @param sources opens the model, any number of times
   */
  static <T> T offloaded(
      Supplier<ModelSource> sources,
      Device device,
      Precision precision,
      Function<ComponentLoader, T> model) {
    try (ModelSource source = sources.get()) {
      Seat seat = new Seat(() -> TorchRuntime.newManager(device));
      NDManager manager = TorchRuntime.newManager(device);
      return made(
          new ComponentLoader(source, manager, precision, new Offloading(sources, seat)), model);
    }
  }

  private static <T> T made(ComponentLoader loader, Function<ComponentLoader, T> model) {
    boolean whole = false;
    try {
      T made = model.apply(loader);
      whole = true;
      return made;
    } finally {
      if (!whole) {
        loader.close();
      }
    }
  }

  /**
   * Makes a part of the model beside others; with one component in memory at a time, at once.
   *
   * @param name of the part
   */
  <T> Beside<T> beside(String name, Supplier<T> maker) {
    return offloading == null ? Beside.start(name, maker) : Beside.here(maker);
  }

  /** Frees the components. */
  void close() {
    manager.close();
    if (offloading != null) {
      offloading.seat().close();
    }
  }

  Part<UNet2DConditionModel> unet() {
    return load("unet", "UNet2DConditionModel", UNet2DConditionModel::load, precision.network());
  }

  Part<UNet2DModel> plainUnet() {
    return load("unet", "UNet2DModel", UNet2DModel::load, precision.network());
  }

  /**
   * @param scale of the latents, where it is not the one of the autoencoder's config; else null
   */
  FirstStage firstStage(@Nullable Double scale) {
    String name = autoencoderName(source.index());
    if (isOf(name, "VQModel")) {
      return FirstStage.of(load(name, "VQModel", VQModel::load), manager);
    }
    Part<AutoencoderKL> autoencoder = load(name, "AutoencoderKL", AutoencoderKL::load);
    LatentScaling own = autoencoder.outline().config().latentScaling();
    return FirstStage.of(autoencoder, manager, scale == null ? own : own.withFactor(scale));
  }

  /** What a pipeline calls its autoencoder. */
  static String autoencoderName(ModelIndex index) {
    return index.components().containsKey("vqvae") ? "vqvae" : "vae";
  }

  /** The text side of latent diffusion before Stable Diffusion: always 77 tokens, no mask. */
  PromptEncoder bertPrompts() {
    return prompts(
        "tokenizer",
        () -> source.tokenizer("tokenizer").ofLength(BERT_TOKENS),
        () -> load("bert", "BertModel", BertModel::load),
        TextLayer.LAST);
  }

  /** The text side of the latent upscaler. */
  PromptEncoder upscalerPrompts() {
    return prompts(
        "tokenizer",
        () -> source.tokenizer("tokenizer"),
        () -> load("text_encoder", "CLIPTextModel", CLIPTextModel::load),
        TextLayer.LAST_WITHOUT_NORM);
  }

  /** The text side of Stable Diffusion 1 and 2. */
  PromptEncoder prompts() {
    return prompts(
        "tokenizer",
        () -> source.tokenizer("tokenizer"),
        isOf("text_encoder", "CLIPTextModel")
            ? () -> load("text_encoder", "CLIPTextModel", CLIPTextModel::load)
            : () -> load("text_encoder", "BertModel", BertModel::load),
        TextLayer.LAST);
  }

  /**
   * The text side of Stable Diffusion XL; a refiner has the second encoder alone.
   *
   * @param emptyIsZeros {@code force_zeros_for_empty_prompt}
   */
  DualPromptEncoder dualPrompts(boolean emptyIsZeros) {
    PromptEncoder left =
        source.index().components().containsKey("text_encoder")
            ? prompts(
                "tokenizer",
                () -> source.tokenizer("tokenizer"),
                () -> load("text_encoder", "CLIPTextModel", CLIPTextModel::load),
                TextLayer.PENULTIMATE)
            : null;
    boolean whole = false;
    try {
      PromptEncoder right =
          prompts(
              "tokenizer_2",
              () -> source.tokenizer("tokenizer_2"),
              () ->
                  load(
                      "text_encoder_2",
                      "CLIPTextModelWithProjection",
                      CLIPTextModelWithProjection::load),
              TextLayer.PENULTIMATE);
      whole = true;
      return new DualPromptEncoder(left, right, emptyIsZeros);
    } finally {
      if (!whole && left != null) {
        left.close();
      }
    }
  }

  /** A text encoder with its tokenizer, which is parsed beside it. */
  private PromptEncoder prompts(
      String tokenizerName,
      Supplier<PromptTokenizer> tokenizer,
      Supplier<Part<? extends TextEncoder>> encoder,
      TextLayer layer) {
    Beside<PromptTokenizer> parsed = Beside.start(tokenizerName, tokenizer);
    Part<? extends TextEncoder> loaded;
    boolean whole = false;
    try {
      loaded = encoder.get();
      whole = true;
    } finally {
      if (!whole) {
        parsed.discard(PromptTokenizer::close);
      }
    }
    PromptEncoder prompts = new PromptEncoder(parsed.get(), loaded, manager, layer);
    if (prompts.length() > prompts.maxPositions()) {
      int length = prompts.length();
      prompts.close();
      throw DiffusionException.badCheckpoint(
          "%s: expected a %s of at most the text encoder's %d positions, got model_max_length %d"
              .formatted(source.place(), tokenizerName, loaded.outline().maxPositions(), length));
    }
    return prompts;
  }

  private boolean isOf(String name, String className) {
    Map<String, ModelIndex.Component> components = source.index().components();
    return components.containsKey(name) && components.get(name).className().equals(className);
  }

  /** A component's {@code load}. */
  private interface Loader<M> {
    M load(ModelConfig config, Checkpoint weights, NDManager manager, Execution execution);
  }

  private <M> Part<M> load(String name, String className, Loader<M> loader) {
    return load(name, className, loader, precision.ends(manager.getDevice()));
  }

  private <M> Part<M> load(String name, String className, Loader<M> loader, Execution execution) {
    source.index().requireClass(source.place(), name, className);
    if (offloading == null) {
      return new Part.Resident<>(load(source, name, loader, manager, execution));
    }
    Supplier<ModelSource> sources = offloading.sources();
    return new OffloadedPart<>(
        offloading.seat(),
        owner -> {
          try (ModelSource again = sources.get()) {
            return load(again, name, loader, owner, execution);
          }
        });
  }

  private static <M> M load(
      ModelSource source, String name, Loader<M> loader, NDManager owner, Execution execution) {
    try (Checkpoint weights = source.weights(name)) {
      return loader.load(source.config(name), weights, owner, execution);
    }
  }
}
