package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.KeyMap.Translation;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.controlnet.ControlNetConfig;
import dev.darkroom.diffusion.controlnet.ControlNetKeys;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A ControlNet that is one file without a config: that of lllyasviel's cldm, alone or beside the
 * model that it was trained with, or the weights of a diffusers folder. It is a copy of its base
 * model's encoder, so the base says its shapes, and the file those of what reads the picture.
 */
final class ControlNetFile {
  private static final String CLDM = "control_model.";
  private static final String HINT = "input_hint_block.";
  private static final String CONV_IN = "controlnet_cond_embedding.conv_in.weight";

  private ControlNetFile() {}

  /**
   * @param base of the model that it controls
   * @throws DiffusionException if it is no ControlNet, or one of another base model
   */
  static ControlNetModel load(Path file, UNetConfig base, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(file)) {
      Map<String, StoredTensor> tensors = weights.tensors();
      if (!weights.holds(CONV_IN)) {
        String prefix = weights.holds(CLDM + HINT + "0.weight") ? CLDM : "";
        if (!weights.holds(prefix + HINT + "0.weight")) {
          throw DiffusionException.badCheckpoint(
              "%s: expected a ControlNet, got a file without %s0.weight and %s"
                  .formatted(file, HINT, CONV_IN));
        }
        tensors = diffusersNames(file, below(prefix, weights.tensors()), base);
      }
      ControlNetConfig config = config(tensors, base);
      ModelConfig json = ModelConfig.parse(file.toString(), config.toJson().toString());
      return ControlNetModel.load(json, weights.view(tensors), manager, execution);
    }
  }

  private static Map<String, StoredTensor> below(String prefix, Map<String, StoredTensor> tensors) {
    Map<String, StoredTensor> below = new LinkedHashMap<>();
    tensors.forEach(
        (key, tensor) -> {
          if (key.startsWith(prefix)) {
            below.put(key.substring(prefix.length()), tensor);
          }
        });
    return below;
  }

  private static Map<String, StoredTensor> diffusersNames(
      Path file, Map<String, StoredTensor> original, UNetConfig base) {
    long convolutions =
        original.keySet().stream()
            .filter(key -> key.startsWith(HINT) && key.endsWith(".weight"))
            .count();
    // A convolution in, two for each further level, one out: only their number counts here.
    List<Integer> levels = new ArrayList<>();
    for (int i = 0; i < convolutions / 2; i++) {
      levels.add(1);
    }
    Translation translation =
        ControlNetKeys.cldm(new ControlNetConfig(base, levels, 3, false, false))
            .toDiffusers(original);
    if (!translation.unknown().isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected one of a ControlNet for this model, got one that it has not; it was made for another base model"
              .formatted(file, translation.unknown().getFirst()));
    }
    return translation.tensors();
  }

  private static ControlNetConfig config(Map<String, StoredTensor> tensors, UNetConfig base) {
    StoredTensor first = tensors.get(CONV_IN);
    List<Integer> channels = new ArrayList<>();
    channels.add(size(first, 0));
    StoredTensor next;
    for (int i = 1; (next = tensors.get(block(i))) != null; i += 2) {
      channels.add(size(next, 0));
    }
    return new ControlNetConfig(
        base.ofInput(size(tensors.get("conv_in.weight"), 1)),
        channels,
        size(first, 1),
        false,
        false);
  }

  private static String block(int i) {
    return "controlnet_cond_embedding.blocks.%d.weight".formatted(i);
  }

  /** A convolution's channels; 1 where there is no convolution, which loading then refuses. */
  private static int size(@Nullable StoredTensor weight, int axis) {
    Shape shape = weight == null ? new Shape() : weight.shape();
    return shape.dimension() == 4 ? (int) Math.clamp(shape.get(axis), 1, 1 << 10) : 1;
  }
}
