package dev.darkroom.cli.forward;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.AutoencoderTiny;
import dev.darkroom.diffusion.autoencoder.Posterior;
import dev.darkroom.diffusion.autoencoder.VQModel;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.text.TextEncoder;
import dev.darkroom.diffusion.text.TextStates;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNet2DModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The models, by the tensor names of the {@code forward} that diffusers and transformers give them.
 */
final class ComponentForward {
  private ComponentForward() {}

  static Map<String, NDArray> unet(UNet2DConditionModel model, Inputs inputs) {
    NDArray sample = inputs.get("sample");
    Conditions conditions =
        conditions(model.config(), inputs)
            .withContextMask(inputs.find("encoder_attention_mask").orElse(null))
            .withTimeCondition(inputs.find("timestep_cond").orElse(null))
            .withGrounding(model.config().isGrounded() ? grounding(inputs) : null);
    List<NDArray> down = inputs.list("down_block_additional_residuals");
    Optional<NDArray> mid = inputs.find("mid_block_additional_residual");
    if (mid.isPresent() == down.isEmpty()) {
      throw DiffusionException.badInput(
          "residuals: expected those of the way down and of the middle, or none, got one kind");
    }
    if (mid.isPresent()) {
      conditions = conditions.withResiduals(new Conditions.Residuals(down, mid.get()));
    }
    return Map.of("sample", model.forward(sample, timesteps(inputs, sample), conditions));
  }

  static Map<String, NDArray> unet2d(UNet2DModel model, Inputs inputs) {
    NDArray sample = inputs.get("sample");
    NDArray labels = inputs.find("class_labels").orElse(null);
    return Map.of("sample", model.forward(sample, timesteps(inputs, sample), labels));
  }

  static Map<String, NDArray> controlNet(ControlNetModel model, Inputs inputs) {
    NDArray sample = inputs.get("sample");
    double scale = inputs.number("conditioning_scale").orElse(1.0);
    double[] scales = new double[(int) sample.getShape().get(0)];
    Arrays.fill(scales, scale);
    Conditions.Residuals full =
        model.forward(
            sample,
            timesteps(inputs, sample),
            conditions(model.config().unet(), inputs),
            model.hint(inputs.get("controlnet_cond")));
    boolean guess = inputs.number("guess_mode").orElse(0.0) != 0;
    Conditions.Residuals residuals = model.scaled(full, scales, guess);
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    for (int i = 0; i < residuals.down().size(); i++) {
      outputs.put("down_block_res_samples." + i, residuals.down().get(i));
    }
    outputs.put("mid_block_res_sample", residuals.mid());
    return outputs;
  }

  /** Text, labels, and what is added to them. */
  private static Conditions conditions(UNetConfig config, Inputs inputs) {
    Conditions.Added added =
        new Conditions.Added(
            inputs.find("added_cond_kwargs.text_embeds").orElse(null),
            inputs.find("added_cond_kwargs.time_ids").orElse(null),
            config.readsImage() ? inputs.find("added_cond_kwargs.image_embeds").orElse(null) : null,
            config.readsHint() ? inputs.find("added_cond_kwargs.hint").orElse(null) : null);
    return inputs
        .find("encoder_hidden_states")
        .map(Conditions::text)
        .orElseGet(Conditions::none)
        .withClassLabels(inputs.find("class_labels").orElse(null))
        .withAdded(added);
  }

  /** GLIGEN's, or null where the file has no boxes. */
  private static Conditions.@Nullable Grounding grounding(Inputs inputs) {
    String place = "cross_attention_kwargs.gligen.";
    Optional<NDArray> boxes = inputs.find(place + "boxes");
    if (boxes.isEmpty()) {
      return null;
    }
    NDArray masks = inputs.get(place + "masks");
    Optional<NDArray> texts = inputs.find(place + "positive_embeddings");
    List<Conditions.Grounding.Meaning> meanings =
        texts.isPresent()
            ? List.of(new Conditions.Grounding.Meaning(texts.get(), masks))
            : List.of(
                new Conditions.Grounding.Meaning(
                    inputs.get(place + "phrases_embeddings"), inputs.get(place + "phrases_masks")),
                new Conditions.Grounding.Meaning(
                    inputs.get(place + "image_embeddings"), inputs.get(place + "image_masks")));
    return new Conditions.Grounding(boxes.get(), masks, meanings);
  }

  /** One time a row, where the file holds one for all. */
  private static NDArray timesteps(Inputs inputs, NDArray sample) {
    NDArray timestep = inputs.get("timestep").flatten();
    long rows = sample.getShape().get(0);
    return timestep.size() == 1 ? timestep.broadcast(new Shape(rows)) : timestep;
  }

  static Map<String, NDArray> autoencoder(AutoencoderKL model, Inputs inputs) {
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    inputs
        .find("sample")
        .ifPresent(
            image -> {
              Posterior posterior = model.encode(image);
              outputs.put("latent_dist.mean", posterior.mean());
              outputs.put("latent_dist.logvar", posterior.logvar());
            });
    inputs.find("z").ifPresent(latent -> outputs.put("sample", model.decode(latent)));
    return some(outputs, "AutoencoderKL");
  }

  static Map<String, NDArray> tiny(AutoencoderTiny model, Inputs inputs) {
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    inputs.find("sample").ifPresent(image -> outputs.put("latents", model.encode(image)));
    inputs.find("z").ifPresent(latent -> outputs.put("sample", model.decode(latent)));
    return some(outputs, "AutoencoderTiny");
  }

  static Map<String, NDArray> vq(VQModel model, Inputs inputs) {
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    inputs
        .find("sample")
        .ifPresent(
            image -> {
              NDArray latents = model.encode(image);
              outputs.put("latents", latents);
              outputs.put("indices", model.quantise(latents));
            });
    inputs.find("z").ifPresent(latent -> outputs.put("sample", model.decode(latent)));
    return some(outputs, "VQModel");
  }

  private static Map<String, NDArray> some(Map<String, NDArray> outputs, String className) {
    if (outputs.isEmpty()) {
      throw DiffusionException.badInput(
          className + ": expected the tensor sample, z or both, found neither");
    }
    return outputs;
  }

  static Map<String, NDArray> text(TextEncoder model, Inputs inputs) {
    TextStates states =
        model.forward(inputs.get("input_ids"), inputs.find("attention_mask").orElse(null));
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    outputs.put("last_hidden_state", states.last());
    for (int i = 0; i < states.hiddenStates().size(); i++) {
      outputs.put("hidden_states." + i, states.hiddenStates().get(i));
    }
    // transformers answers with one of the two.
    NDArray pooled = states.pooled();
    NDArray projected = states.projected();
    if (projected != null) {
      outputs.put("text_embeds", projected);
    } else if (pooled != null) {
      outputs.put("pooler_output", pooled);
    }
    return outputs;
  }
}
