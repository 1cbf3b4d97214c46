package dev.darkroom.diffusion.singlefile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.schedule.PredictionType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The configs that a single file does not hold: those of a diffusers folder that the user names,
 * else the published ones of the family.
 */
final class FamilyConfigs {
  private static final String INDEX = "model_index.json";
  private static final String CONFIG = "config.json";
  private static final String SCHEDULER = "scheduler/scheduler_config.json";

  private final Family family;
  private final @Nullable Path folder;
  private final TrainedNoise noise;

  /**
   * @param noise what the file's markers say
   * @param folder of diffusers configs, weights are not needed; null for the published ones
   * @throws DiffusionException if there is no such folder
   */
  FamilyConfigs(Family family, TrainedNoise noise, @Nullable Path folder) {
    this.family = family;
    this.noise = noise;
    this.folder = folder;
    if (folder != null && !Files.isDirectory(folder)) {
      throw DiffusionException.badInput(
          "config: expected a diffusers folder, found none at " + folder);
    }
  }

  /** {@code model_index.json}, without the components that a single file does not have. */
  ComponentConfig index() {
    ComponentConfig index = read(INDEX);
    ObjectNode json = index.json().deepCopy();
    for (String absent : new String[] {"safety_checker", "feature_extractor", "image_encoder"}) {
      boolean copied = folder != null && Files.isDirectory(folder.resolve(absent));
      if (json.has(absent) && !(copied && absent.equals("feature_extractor"))) {
        json.putArray(absent).addNull().addNull();
      }
    }
    if (folder == null) {
      String pipeline = pipeline();
      if (pipeline != null) {
        json.put("_class_name", pipeline);
      }
    }
    boolean edits = family == Family.SDXL_INSTRUCT_PIX2PIX;
    if (edits && noise instanceof TrainedNoise.CosXl && !json.has("is_cosxl_edit")) {
      json.put("is_cosxl_edit", true);
    }
    return new ComponentConfig(index.name(), json);
  }

  /** The pipeline of families that share all else with another one. */
  private @Nullable String pipeline() {
    return switch (family) {
      case SD1_INPAINT, SD2_INPAINT -> "StableDiffusionInpaintPipeline";
      case INSTRUCT_PIX2PIX -> "StableDiffusionInstructPix2PixPipeline";
      case SDXL_INPAINT -> "StableDiffusionXLInpaintPipeline";
      case SDXL_INSTRUCT_PIX2PIX -> "StableDiffusionXLInstructPix2PixPipeline";
      case SD1, SD2, X4_UPSCALER, SDXL, SDXL_REFINER, CONTROLNET, VAE -> null;
    };
  }

  /**
   * A component's config.
   *
   * @param component its folder, empty where it is the whole model
   * @param prediction where it is known: SD2 was published in two sizes, one for each
   */
  ComponentConfig component(String component, @Nullable PredictionType prediction) {
    if (component.isEmpty()) {
      return lone();
    }
    ComponentConfig config = read(component + "/" + CONFIG);
    if (component.equals("vae")) {
      config = noise.autoencoder(config);
    }
    if (folder != null) {
      return config;
    }
    JsonNodeFactory json = JsonNodeFactory.instance;
    if (component.equals("unet")) {
      config = config.with("in_channels", json.numberNode(family.inChannels()));
    }
    if (family == Family.SD2_INPAINT
        || family == Family.SD2 && prediction == PredictionType.EPSILON) {
      return switch (component) {
        case "unet" ->
            config
                .with("sample_size", json.numberNode(64))
                .with("upcast_attention", json.booleanNode(false));
        case "vae" -> config.with("sample_size", json.numberNode(512));
        default -> config;
      };
    }
    return config;
  }

  private ComponentConfig lone() {
    String name = family == Family.VAE ? "vae" : "controlnet";
    if (folder == null) {
      return bundled(name + "/" + CONFIG);
    }
    Path inner = folder.resolve(name).resolve(CONFIG);
    return ComponentConfig.read(Files.isRegularFile(inner) ? inner : folder.resolve(CONFIG));
  }

  /** What the named folder says that its U-Net predicts; null where it does not say. */
  @Nullable PredictionType statedPrediction() {
    if (folder == null || !Files.isRegularFile(folder.resolve(SCHEDULER))) {
      return null;
    }
    ComponentConfig scheduler = ComponentConfig.read(folder.resolve(SCHEDULER));
    return scheduler.json().hasNonNull("prediction_type") ? prediction(scheduler) : null;
  }

  /** What the published model's U-Net predicts. */
  PredictionType publishedPrediction() {
    return family == Family.SD2_INPAINT ? PredictionType.EPSILON : prediction(bundled(SCHEDULER));
  }

  private static PredictionType prediction(ComponentConfig scheduler) {
    String name = scheduler.json().path("prediction_type").asText("epsilon");
    for (PredictionType type : PredictionType.values()) {
      if (type.configName().equals(name)) {
        return type;
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: prediction_type: expected epsilon, v_prediction or sample, got %s"
            .formatted(scheduler.name(), name));
  }

  /** {@code scheduler_config.json} of a network that predicts {@code prediction}. */
  ComponentConfig scheduler(PredictionType prediction) {
    ComponentConfig scheduler =
        folder != null && Files.isRegularFile(folder.resolve(SCHEDULER))
            ? read(SCHEDULER)
            : noise.scheduler(bundled(SCHEDULER));
    return scheduler.with("prediction_type", prediction.configName());
  }

  /**
   * A file of a part that is neither a model nor the scheduler: the tokenizers, the upscaler's
   * second scheduler. Null where there is none.
   */
  @Nullable Path folderOf(String component) {
    return folder != null && Files.isDirectory(folder.resolve(component))
        ? folder.resolve(component)
        : null;
  }

  /** A published config beside the models', or null. */
  @Nullable ComponentConfig published(String file) {
    return FamilyConfigs.class.getResource(family.published() + "/" + file) == null
        ? null
        : bundled(file);
  }

  private ComponentConfig read(String file) {
    return folder != null && Files.isRegularFile(folder.resolve(file))
        ? ComponentConfig.read(folder.resolve(file))
        : bundled(file);
  }

  private ComponentConfig bundled(String file) {
    String name = family.published() + "/" + file;
    try (InputStream in = FamilyConfigs.class.getResourceAsStream(name)) {
      if (in == null) {
        throw DiffusionException.badCheckpoint(
            "%s: the family %s has no published %s; name a diffusers folder with its configs"
                .formatted(folder == null ? "config" : folder, family.configName(), file));
      }
      return ComponentConfig.parse(
          "published " + name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw DiffusionException.internal("cannot read the resource " + name, e);
    }
  }

  /** Whether an index's entry names a class. */
  static boolean isPresent(JsonNode entry) {
    return entry.isArray() && entry.size() == 2 && entry.get(1).isTextual();
  }
}
