package dev.darkroom.diffusion.singlefile;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.schedule.PredictionType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Says what a single file is by its keys and shapes, and by what else it says of itself. */
final class Detection {
  private static final String UNET = "model.diffusion_model.";
  private static final String CONV_IN = UNET + "input_blocks.0.0.weight";

  /** Families that come later, by a key that only they have. */
  private static final Map<String, String> OTHERS =
      Map.of(
          "joint_blocks.0.", "SD3",
          "double_blocks.0.", "Flux",
          "model.diffusion_model.joint_blocks.0.", "SD3",
          "model.diffusion_model.double_blocks.0.", "Flux",
          "lora_unet_", "a LoRA file; name it with --lora beside its base model",
          "lora_te", "a LoRA file; name it with --lora beside its base model");

  private static final String LAST_NORM =
      UNET + "output_blocks.11.1.transformer_blocks.0.norm1.bias";

  private static final List<String> PASSED_PREFIXES =
      List.of(
          "model_ema.",
          "loss.",
          "first_stage_model.loss.",
          "vae.loss.",
          "denoiser.",
          "low_scale_model.",
          "depth_model.",
          "embedding_manager.",
          "optimizer",
          "lr_scheduler",
          "conditioner.embedders.0.transformer.text_projection.");

  private static final List<String> PASSED_SUFFIXES =
      List.of(".position_ids", ".logit_scale", ".attn_mask");

  /** The numbers of a schedule, and markers; {@code model.} may stand before each. */
  private static final Set<String> SCHEDULE =
      Set.of(
          "betas",
          "alphas_cumprod",
          "alphas_cumprod_prev",
          "log_one_minus_alphas_cumprod",
          "logvar",
          "lvlb_weights",
          "scale_factor",
          "global_step",
          TrainedNoise.VELOCITY,
          TrainedNoise.ZERO_TERMINAL,
          TrainedNoise.SIGMA_MAX,
          TrainedNoise.SIGMA_MIN,
          TrainedNoise.MEAN,
          TrainedNoise.STD);

  private Detection() {}

  static Family family(Checkpoint file) {
    if (has(file, "control_model.input_hint_block.")
        || has(file, "input_hint_block.") && file.holds("time_embed.0.weight")) {
      return Family.CONTROLNET;
    }
    StoredTensor first = file.tensors().get(CONV_IN);
    if (first != null && first.shape().dimension() == 4) {
      return ofUNet(file, (int) first.shape().get(1));
    }
    if (has(file, "model_ema.diffusion_model")) {
      throw DiffusionException.badCheckpoint(
          "%s: expected the weights of a U-Net, under %s, got their moving average alone, under names that have lost their dots; take the file that it was pruned from"
              .formatted(file.place(), UNET));
    }
    if (has(file, "first_stage_model.decoder.")
        || has(file, "vae.decoder.")
        || file.holds("decoder.mid.block_1.norm1.weight")) {
      return Family.VAE;
    }
    OTHERS.forEach(
        (prefix, name) -> {
          if (has(file, prefix)) {
            throw DiffusionException.badCheckpoint(
                "%s: expected a single file of a family that is supported, got %s"
                    .formatted(file.place(), name));
          }
        });
    throw DiffusionException.badCheckpoint(
        "%s: expected a single file of a known family, got %d tensors, the first %s; name the family, or put a component's own weights in a folder with its config.json"
            .formatted(file.place(), file.keys().size(), file.keys().iterator().next()));
  }

  private static Family ofUNet(Checkpoint file, int channels) {
    if (has(file, "conditioner.embedders.1.")) {
      return Family.ofXl(channels);
    }
    if (has(file, "conditioner.embedders.0.model.")) {
      return Family.SDXL_REFINER;
    }
    long context = contextChannels(file);
    if (has(file, "cond_stage_model.model.") || context == 1024) {
      return switch (channels) {
        case 7 -> Family.X4_UPSCALER;
        case 9 -> Family.SD2_INPAINT;
        default -> Family.SD2;
      };
    }
    // Without text encoders their number of channels tells which they were.
    if (file.holds(UNET + "label_emb.0.0.weight")) {
      return context == 1280 ? Family.SDXL_REFINER : Family.ofXl(channels);
    }
    return switch (channels) {
      case 8 -> Family.INSTRUCT_PIX2PIX;
      case 9 -> Family.SD1_INPAINT;
      default -> Family.SD1;
    };
  }

  /** Channels of the text that the U-Net attends to; 0 where it attends to none. */
  private static long contextChannels(Checkpoint file) {
    for (Map.Entry<String, StoredTensor> entry : file.tensors().entrySet()) {
      Shape shape = entry.getValue().shape();
      if (entry.getKey().startsWith(UNET)
          && entry.getKey().endsWith(".attn2.to_k.weight")
          && shape.dimension() == 2) {
        return shape.get(1);
      }
    }
    return 0;
  }

  private static boolean has(Checkpoint file, String prefix) {
    return file.keys().stream().anyMatch(key -> key.startsWith(prefix));
  }

  /**
   * What the U-Net predicts, where the file says: in its notes, in a marker, in SD2's number of
   * training steps, or, a guess, in how far the biases of SD2's last norm have spread.
   */
  static @Nullable PredictionType predictionType(Checkpoint file, Family family) {
    String note = file.metadata().getOrDefault("modelspec.prediction_type", "");
    PredictionType marked = TrainedNoise.of(file).prediction();
    if (marked != null) {
      return marked;
    }
    if (note.equals("v")) {
      return PredictionType.V_PREDICTION;
    }
    if (note.equals("epsilon")) {
      return PredictionType.EPSILON;
    }
    if (family != Family.SD2) {
      return null;
    }
    // Stable Diffusion 2 base was saved at this step, and was not trained on v.
    if ("875000".equals(file.metadata().get("global_step"))) {
      return PredictionType.EPSILON;
    }
    StoredTensor norm = file.tensors().get(LAST_NORM);
    if (norm == null || !norm.type().isFloating() || norm.shape().size() == 0) {
      return null;
    }
    return deviation(norm) > 0.09 ? PredictionType.V_PREDICTION : PredictionType.EPSILON;
  }

  private static double deviation(StoredTensor tensor) {
    double[] sums = new double[2];
    tensor.read(
        (elements, first, count) -> {
          for (int i = 0; i < count; i++) {
            double value = value(tensor, elements, i);
            sums[0] += value;
            sums[1] += value * value;
          }
        });
    double n = tensor.shape().size();
    return Math.sqrt(Math.max(0, sums[1] / n - (sums[0] / n) * (sums[0] / n)));
  }

  static double value(StoredTensor tensor, MemorySegment elements, int i) {
    return switch (tensor.type()) {
      case F64 -> elements.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
      case F32 -> elements.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
      case F16 -> Float.float16ToFloat(elements.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
      case BF16 ->
          Float.intBitsToFloat(elements.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
      case I64, I32, I8, U8, BOOL -> 0;
    };
  }

  /** Keys of a single file that belong to no component, and that no model needs. */
  static boolean isPassedOver(String key) {
    for (String prefix : PASSED_PREFIXES) {
      if (key.startsWith(prefix)) {
        return true;
      }
    }
    for (String suffix : PASSED_SUFFIXES) {
      if (key.endsWith(suffix)) {
        return true;
      }
    }
    return isOfSchedule(key.startsWith("model.") ? key.substring("model.".length()) : key);
  }

  private static boolean isOfSchedule(String name) {
    return name.startsWith("sqrt_") || name.startsWith("posterior_") || SCHEDULE.contains(name);
  }
}
