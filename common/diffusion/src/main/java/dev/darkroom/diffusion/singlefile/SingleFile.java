package dev.darkroom.diffusion.singlefile;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.KeyMap.Translation;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.singlefile.Family.Part;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A model in one file, open for reading: its components under diffusers' names, with their configs.
 * Nothing is read or converted before a tensor is asked for.
 */
public final class SingleFile implements AutoCloseable {
  private final Checkpoint file;
  private final Family family;
  private final TrainedNoise noise;
  private final FamilyConfigs configs;
  private final @Nullable PredictionType predictionType;
  private final Map<String, Component> components;
  private final List<String> absent;
  private final List<String> unexpected;

  /**
   * A component.
   *
   * @param name its folder's, empty where it is the whole model
   * @param weights by diffusers' keys; open as long as the file is
   */
  public record Component(
      String name, ComponentKind kind, ComponentConfig config, Checkpoint weights) {

    /** What the weights have and lack of what the config asks for. */
    public KeyDifferences differences() {
      return KeyDifferences.between(kind.shapes(config, weights::holds), weights.tensors());
    }
  }

  /**
   * How to read a file that does not say all of itself.
   *
   * @param family null to tell it from the keys
   * @param predictionType null to tell it from the configs and the keys
   * @param configs a diffusers folder with the configs of a model of unusual size, or null
   * @param averaged whether to take the moving average of the U-Net's weights, where the file has
   *     both
   */
  public record Reading(
      @Nullable Family family,
      @Nullable PredictionType predictionType,
      @Nullable Path configs,
      boolean averaged) {
    /** All told from the file, the plain weights. */
    public static Reading detected() {
      return new Reading(null, null, null, false);
    }
  }

  private SingleFile(Checkpoint file, Reading reading) {
    this.file = file;
    this.family = reading.family() == null ? Detection.family(file) : reading.family();
    this.noise = TrainedNoise.of(file);
    this.configs = new FamilyConfigs(family, noise, reading.configs());
    this.predictionType = family.isOneComponent() ? null : prediction(reading);
    Map<String, Component> found = new LinkedHashMap<>();
    List<String> without = new ArrayList<>();
    List<String> left =
        file.keys().stream()
            .filter(key -> !Detection.isPassedOver(key))
            .collect(Collectors.toCollection(ArrayList::new));
    for (Part part : family.parts()) {
      String prefix = prefix(part);
      if (prefix == null) {
        without.add(name(part));
        continue;
      }
      left.removeIf(key -> key.startsWith(prefix));
      found.put(name(part), component(part, prefix, reading.averaged(), left));
    }
    this.components = Collections.unmodifiableMap(found);
    this.absent = List.copyOf(without);
    this.unexpected = List.copyOf(left);
  }

  /**
   * Opens a file and finds its components.
   *
   * @param path a file of safetensors or torch.save
   * @throws DiffusionException if it is no whole file, or of no family that is supported
   */
  public static SingleFile open(Path path, Reading reading) {
    Checkpoint file = Checkpoint.open(path);
    boolean opened = false;
    try {
      SingleFile single = new SingleFile(file, reading);
      opened = true;
      return single;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private PredictionType prediction(Reading reading) {
    if (reading.predictionType() != null) {
      return reading.predictionType();
    }
    PredictionType stated = configs.statedPrediction();
    return stated != null
        ? stated
        : Objects.requireNonNullElseGet(
            Detection.predictionType(file, family), configs::publishedPrediction);
  }

  private @Nullable String prefix(Part part) {
    for (String prefix : part.prefixes()) {
      // Without a prefix all keys are the component's, unless they have another one.
      boolean some =
          prefix.isEmpty()
              ? part.prefixes().stream()
                  .filter(other -> !other.isEmpty())
                  .noneMatch(other -> file.keys().stream().anyMatch(key -> key.startsWith(other)))
              : file.keys().stream().anyMatch(key -> key.startsWith(prefix));
      if (some) {
        return prefix;
      }
    }
    return null;
  }

  /** The refiner's only encoder is called as the index calls it. */
  private String name(Part part) {
    return part == Part.REFINER_OPEN_CLIP
            && !FamilyConfigs.isPresent(configs.index().json().path(part.component()))
        ? "text_encoder"
        : part.component();
  }

  private Component component(Part part, String prefix, boolean averaged, List<String> left) {
    Map<String, StoredTensor> original = new LinkedHashMap<>();
    file.tensors()
        .forEach(
            (key, tensor) -> {
              if (key.startsWith(prefix) && !Detection.isPassedOver(key)) {
                original.put(key.substring(prefix.length()), averaged(part, key, tensor, averaged));
              }
            });
    ComponentConfig config = configs.component(name(part), predictionType);
    ComponentKind kind = kind(part, config);
    Translation translation = kind.keys(config, part.dialect()).toDiffusers(named(part, original));
    translation.unknown().stream()
        .filter(key -> !isLeftOut(part, key))
        .forEach(key -> left.add(prefix + key));
    return new Component(name(part), kind, config, file.view(translation.tensors()));
  }

  /** {@code model_ema.} and the name without its dots. */
  private StoredTensor averaged(Part part, String key, StoredTensor plain, boolean averaged) {
    if (!averaged || part != Part.UNET) {
      return plain;
    }
    StoredTensor ema =
        file.tensors().get("model_ema." + key.substring("model.".length()).replace(".", ""));
    if (ema == null) {
      throw DiffusionException.badInput(
          "%s: expected a moving average of %s, got none; take the plain weights"
              .formatted(file.place(), key));
    }
    return ema;
  }

  private ComponentKind kind(Part part, ComponentConfig config) {
    return switch (part.dialect()) {
      case UNET -> ComponentKind.UNET;
      case AUTOENCODER -> ComponentKind.AUTOENCODER;
      case CONTROLNET -> ComponentKind.CONTROLNET;
      case CLIP -> ComponentKind.CLIP;
      case OPEN_CLIP ->
          "CLIPTextModelWithProjection".equals(config.reader().className())
              ? ComponentKind.CLIP_WITH_PROJECTION
              : ComponentKind.CLIP;
    };
  }

  /** Early fine-tunes of SD1 saved their encoder without the outer name. */
  private static Map<String, StoredTensor> named(Part part, Map<String, StoredTensor> original) {
    if (part.dialect() != Dialect.CLIP
        || original.keySet().stream().anyMatch(key -> key.startsWith("text_model."))) {
      return original;
    }
    Map<String, StoredTensor> named = new LinkedHashMap<>();
    original.forEach((key, tensor) -> named.put("text_model." + key, tensor));
    return named;
  }

  /**
   * SD2 reads the text after the last layer but one: diffusers leaves out the last, and the
   * projection of a model that has none.
   */
  private static boolean isLeftOut(Part part, String key) {
    return part == Part.OPEN_CLIP
        && (key.equals("text_projection") || key.startsWith("transformer.resblocks."));
  }

  public Family family() {
    return family;
  }

  /** What the U-Net predicts; null for a file without one. */
  public @Nullable PredictionType predictionType() {
    return predictionType;
  }

  /** By name, in the order of the family. */
  public Map<String, Component> components() {
    return components;
  }

  /** Names of components that the family has and the file does not. */
  public List<String> absent() {
    return absent;
  }

  /** Keys that belong to no component. */
  public List<String> unexpected() {
    return unexpected;
  }

  /** The file as it is. */
  public Checkpoint file() {
    return file;
  }

  /**
   * The file's own tensors without what no model needs: averages, optimizer, schedules. What its
   * markers say of the noise stays.
   */
  public Map<String, StoredTensor> pruned(boolean averaged) {
    Map<String, StoredTensor> pruned = new LinkedHashMap<>();
    file.tensors()
        .forEach(
            (key, tensor) -> {
              if (!Detection.isPassedOver(key)) {
                boolean isUNet = key.startsWith(Part.UNET.prefixes().getFirst());
                pruned.put(key, isUNet ? averaged(Part.UNET, key, tensor, averaged) : tensor);
              }
            });
    pruned.putAll(noise.markers());
    return pruned;
  }

  /** The notes of a file with {@link #pruned} tensors: what the U-Net predicts. */
  public Map<String, String> notes() {
    return predictionType == null ? Map.of() : SingleFileWriter.notes(predictionType.configName());
  }

  /** {@code model_index.json}; only for families of several components. */
  public ComponentConfig index() {
    return configs.index();
  }

  /** {@code scheduler_config.json}; only for families of several components. */
  public ComponentConfig scheduler() {
    return configs.scheduler(
        Objects.requireNonNull(predictionType, "a family of several components predicts"));
  }

  /**
   * A tokenizer as it is published for the family.
   *
   * @return null where the user named a folder that has another, or none is published
   */
  public @Nullable PromptTokenizer publishedTokenizer(String name) {
    if (configs.folderOf(name) != null) {
      return null;
    }
    ComponentConfig config = configs.published(name + "/tokenizer_config.json");
    ComponentConfig specials = configs.published(name + "/special_tokens_map.json");
    return config == null || specials == null ? null : PublishedTokenizers.of(config, specials);
  }

  FamilyConfigs configs() {
    return configs;
  }

  /** Names in the index that are neither the file's components nor the scheduler. */
  List<String> others() {
    List<String> others = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : configs.index().json().properties()) {
      if (FamilyConfigs.isPresent(field.getValue())
          && !components.containsKey(field.getKey())
          && !absent.contains(field.getKey())
          && !field.getKey().equals("scheduler")) {
        others.add(field.getKey());
      }
    }
    return others;
  }

  /**
   * @throws DiffusionException if a component is absent, or any key is missing or unexpected
   */
  public void requireWhole() {
    if (!absent.isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: expected the %s of a model of family %s, got none"
              .formatted(file.place(), absent.getFirst(), family.configName()));
    }
    components
        .values()
        .forEach(
            component ->
                component
                    .differences()
                    .requireNone(file.place() + ": " + component.kind().className()));
    requireNothingElse();
  }

  /**
   * @throws DiffusionException if a key belongs to no component
   */
  public void requireNothingElse() {
    new KeyDifferences(List.of(), unexpected).requireNone(file.place().toString());
  }

  @Override
  public void close() {
    file.close();
  }
}
