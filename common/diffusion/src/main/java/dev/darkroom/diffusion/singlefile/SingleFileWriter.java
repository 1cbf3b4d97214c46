package dev.darkroom.diffusion.singlefile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.KeyMap.Translation;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.singlefile.Family.Part;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a diffusers folder as a single file with the names of its family's original. */
public final class SingleFileWriter {
  private static final List<String> LONE_COMPONENTS = List.of("AutoencoderKL", "ControlNetModel");

  private SingleFileWriter() {}

  /**
   * @param folder a diffusers folder, or that of an autoencoder or ControlNet alone
   * @param family null to tell it from the configs
   * @param type what floating tensors become, null to keep each as it is
   * @throws DiffusionException if the folder is not whole, or its family has no single files
   */
  public static void write(
      Path folder, Path file, @Nullable Family family, @Nullable TensorType type) {
    boolean isPipeline = Files.isRegularFile(folder.resolve(ModelIndex.FILE));
    Family known = family == null ? family(folder) : family;
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    List<Checkpoint> open = new ArrayList<>();
    try {
      for (Part part : known.parts()) {
        Path place = isPipeline ? folder.resolve(name(folder, part)) : folder;
        Checkpoint weights = Checkpoint.open(place);
        open.add(weights);
        String prefix = part.prefixes().getFirst();
        translate(place, part, weights).forEach((key, tensor) -> tensors.put(prefix + key, tensor));
      }
      if (isPipeline) {
        tensors.putAll(noise(folder, known).markers());
      }
      SafetensorsWriter.copy(file, tensors, type, notes(folder, isPipeline));
    } finally {
      open.forEach(Checkpoint::close);
    }
  }

  private static Map<String, StoredTensor> translate(Path place, Part part, Checkpoint weights) {
    ComponentConfig config = ComponentConfig.read(place.resolve("config.json"));
    ComponentKind kind = ComponentKind.of(config.reader().className());
    if (kind == null) {
      throw DiffusionException.badCheckpoint(
          "%s: a %s has no place in a single file".formatted(place, config.reader().className()));
    }
    requireSilu(place, config);
    requirePlainLevels(place, config);
    Map<String, StoredTensor> named = new LinkedHashMap<>();
    boolean bare =
        part.component().startsWith("text_encoder")
            && weights.keys().stream().noneMatch(key -> key.startsWith("text_model."));
    weights
        .tensors()
        .forEach(
            (key, tensor) -> {
              if (!key.endsWith("position_ids")) {
                named.put(current(key, part, bare), tensor);
              }
            });
    KeyDifferences.between(kind.shapes(config, named::containsKey), named)
        .requireNone(place.toString());
    Translation translation = kind.keys(config, part.dialect()).toOriginal(named);
    if (!translation.unknown().isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: expected tensors that a single file has a name for, got %d without one, the first %s"
              .formatted(place, translation.unknown().size(), translation.unknown().getFirst()));
    }
    return translation.tensors();
  }

  /** A single file holds no config: whoever reads it computes as its family does, with SiLU. */
  private static void requireSilu(Path place, ComponentConfig config) {
    for (String field : List.of("act_fn", "time_embedding_act_fn", "timestep_post_act")) {
      String activation = config.text(field);
      boolean isSilu = field.equals("act_fn") && List.of("silu", "swish").contains(activation);
      if (!activation.isEmpty() && !isSilu) {
        throw DiffusionException.badCheckpoint(
            "%s: %s %s has no place in a single file; keep the folder"
                .formatted(place, field, activation));
      }
    }
  }

  /** Single files have names for levels of resnets and transformers alone, which see no objects. */
  private static void requirePlainLevels(Path place, ComponentConfig config) {
    String attention = config.text("attention_type");
    if (!attention.isEmpty() && !attention.equals("default")) {
      throw DiffusionException.badCheckpoint(
          "%s: attention_type %s has no place in a single file; keep the folder"
              .formatted(place, attention));
    }
    for (String field : List.of("down_block_types", "up_block_types")) {
      for (JsonNode type : config.json().path(field)) {
        if (type.asText().matches("(K|Simple|Attn(Down|Up)Block|Resnet).*")) {
          throw DiffusionException.badCheckpoint(
              "%s: %s %s has no place in a single file; keep the folder"
                  .formatted(place, field, type.asText()));
        }
      }
    }
  }

  /** A key by its published name, whichever version of diffusers or transformers wrote it. */
  private static String current(String key, Part part, boolean bare) {
    if (part.dialect() == Dialect.AUTOENCODER) {
      return AutoencoderKL.currentName(key);
    }
    return bare && !key.startsWith("text_projection.") ? "text_model." + key : key;
  }

  private static String name(Path folder, Part part) {
    return part == Part.REFINER_OPEN_CLIP && !Files.isDirectory(folder.resolve(part.component()))
        ? "text_encoder"
        : part.component();
  }

  private static TrainedNoise noise(Path folder, Family family) {
    Path autoencoder = folder.resolve("vae").resolve("config.json");
    return TrainedNoise.of(
        folder,
        scheduler(folder),
        ComponentConfig.read(autoencoder).json(),
        family.published().startsWith("sdxl"));
  }

  private static JsonNode scheduler(Path folder) {
    Path file = folder.resolve("scheduler").resolve("scheduler_config.json");
    return Files.isRegularFile(file)
        ? ComponentConfig.read(file).json()
        : MissingNode.getInstance();
  }

  private static Map<String, String> notes(Path folder, boolean isPipeline) {
    JsonNode scheduler = isPipeline ? scheduler(folder) : MissingNode.getInstance();
    return scheduler.isMissingNode()
        ? Map.of()
        : notes(scheduler.path("prediction_type").asText("epsilon"));
  }

  /**
   * The notes of a single file.
   *
   * @param prediction as diffusers calls it
   */
  static Map<String, String> notes(String prediction) {
    return switch (prediction) {
      case "v_prediction" -> Map.of("modelspec.prediction_type", "v");
      case "epsilon" -> Map.of("modelspec.prediction_type", "epsilon");
      default -> Map.of();
    };
  }

  /**
   * The family of a folder.
   *
   * @throws DiffusionException if it has none with single files
   */
  public static Family family(Path folder) {
    if (!Files.isRegularFile(folder.resolve(ModelIndex.FILE))) {
      String className =
          String.valueOf(ComponentConfig.read(folder.resolve("config.json")).reader().className());
      if (!LONE_COMPONENTS.contains(className)) {
        throw DiffusionException.badCheckpoint(
            "%s: expected a diffusers folder, or one of %s, got a %s"
                .formatted(folder, LONE_COMPONENTS, className));
      }
      return className.equals("AutoencoderKL") ? Family.VAE : Family.CONTROLNET;
    }
    JsonNode index = ComponentConfig.read(folder.resolve(ModelIndex.FILE)).json();
    String pipeline = index.path("_class_name").asText();
    boolean hasUNet = index.path("unet").path(1).asText().equals("UNet2DConditionModel");
    boolean hasFirst = index.path("text_encoder").path(1).asText().startsWith("CLIPText");
    boolean hasSecond = index.path("text_encoder_2").path(1).asText().startsWith("CLIPText");
    boolean doubles = pipeline.equals("StableDiffusionLatentUpscalePipeline");
    if (doubles || !hasUNet || !hasFirst && !hasSecond) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a U-Net with CLIP text encoders, which have single files, got a %s with a %s"
              .formatted(
                  folder, pipeline, index.path("text_encoder").path(1).asText("no text encoder")));
    }
    ComponentConfig unet = ComponentConfig.read(folder.resolve("unet/config.json"));
    int channels = unet.json().path("in_channels").asInt(4);
    if (unet.text("addition_embed_type").equals("text_time")) {
      if (!hasFirst || !hasSecond) {
        return Family.SDXL_REFINER;
      }
      return Family.ofXl(channels);
    }
    ComponentConfig text = ComponentConfig.read(folder.resolve("text_encoder/config.json"));
    boolean isOpenClip =
        unet.json().path("use_linear_projection").asBoolean()
            || text.text("hidden_act").equals("gelu");
    if (isOpenClip) {
      return switch (channels) {
        case 7 -> Family.X4_UPSCALER;
        case 9 -> Family.SD2_INPAINT;
        default -> Family.SD2;
      };
    }
    return switch (channels) {
      case 8 -> Family.INSTRUCT_PIX2PIX;
      case 9 -> Family.SD1_INPAINT;
      default -> Family.SD1;
    };
  }
}
