package dev.darkroom.diffusion.adapter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.nn.LowRank;
import dev.darkroom.diffusion.text.TextualInversion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file of changes, open for reading: LoRA for linear layers and convolutions, LoCon, LoHa, LoKr,
 * and DoRA over each of them. The dialects are kohya's ({@code
 * lora_unet_..._to_q.lora_down.weight}), PEFT's and diffusers' ({@code unet....to_q.lora_A.weight},
 * {@code ....processor.to_q_lora.down.weight}) and cloneofsimo's ({@code unet:12:down}); a file may
 * mix them. Each layer has a rank of its own, and with kohya an alpha of its own.
 */
public final class Lora implements AutoCloseable {
  private static final Set<String> NUMBERED_CLASSES =
      Set.of("CrossAttention", "Attention", "GEGLU", "CLIPAttention");

  private final Checkpoint file;
  private final @Nullable PeftScaling scaling;

  private Lora(Checkpoint file, @Nullable PeftScaling scaling) {
    this.file = file;
    this.scaling = scaling;
  }

  /**
   * @param place a file, or a folder in which PEFT saved one with its config
   * @throws DiffusionException if it is not a whole file of tensors
   */
  public static Lora open(Path place) {
    Path config = place.resolve(PeftScaling.FILE);
    if (Files.isDirectory(place)) {
      Path weights = place.resolve("adapter_model.safetensors");
      if (!Files.isRegularFile(weights) || !Files.isRegularFile(config)) {
        throw DiffusionException.badCheckpoint(
            "%s: expected a LoRA's file, or a folder with %s and %s, got neither"
                .formatted(place, weights.getFileName(), PeftScaling.FILE));
      }
      PeftScaling scaling = PeftScaling.parse(config.toString(), text(config), false);
      return new Lora(Checkpoint.of(weights, List.of(weights)), scaling);
    }
    Checkpoint file = Checkpoint.of(place, List.of(place));
    boolean opened = false;
    try {
      String note = file.metadata().get(PeftScaling.NOTE);
      String name = place + ": " + PeftScaling.NOTE;
      Lora lora = new Lora(file, note == null ? null : PeftScaling.parse(name, note, true));
      opened = true;
      return lora;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private static String text(Path config) {
    try {
      if (Files.size(config) > 1 << 20) {
        throw DiffusionException.badCheckpoint(config + ": expected at most 1 MiB");
      }
      return Files.readString(config);
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(config + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** A layer of a component. */
  private record Place(LoraBase base, String layer) {}

  /**
   * Finds the layer of every tensor and reads them all.
   *
   * @param bases the components of a model that a LoRA may change
   * @param manager owner of what is read, on the device where the model runs
   * @throws DiffusionException naming the first tensor that has no layer in the model, or not that
   *     layer's shape
   */
  public LoraWeights read(List<LoraBase> bases, NDManager manager) {
    Map<String, Place> numbered = numbered(bases);
    Map<Place, EnumMap<Part, String>> parts = new LinkedHashMap<>();
    List<TextualInversion> embeddings = new ArrayList<>();
    for (String key : file.keys()) {
      if ("<embed>".equals(file.metadata().get(key))) {
        embeddings.add(embedding(key, manager));
        continue;
      }
      Part.Key parsed = Part.of(key);
      if (parsed == null) {
        throw DiffusionException.badCheckpoint(
            "%s: tensor %s: expected the factors of a LoRA, DoRA, LoHa or LoKr, which is what this library supports, got %s"
                .formatted(file.place(), key, Part.otherKind(key)));
      }
      Place place = numbered.get(parsed.layer());
      if (place == null) {
        place = place(parsed.layer(), key, bases);
      }
      String other =
          parts.computeIfAbsent(place, found -> new EnumMap<>(Part.class)).put(parsed.part(), key);
      if (other != null) {
        throw DiffusionException.badCheckpoint(
            "%s: tensor %s: expected one for its layer, got %s as well"
                .formatted(file.place(), key, other));
      }
    }
    if (parts.isEmpty()) {
      throw DiffusionException.badCheckpoint(file.place() + ": expected a LoRA, got no tensors");
    }
    // All shapes before any weight: a LoRA for another base costs nothing.
    List<LoraLayer> layers = new ArrayList<>();
    parts.forEach(
        (place, keys) ->
            layers.add(new LoraLayer(file, scaling, place.base(), place.layer(), keys)));
    layers.forEach(LoraLayer::check);
    Map<String, Map<String, LowRank>> changes = new LinkedHashMap<>();
    for (LoraLayer layer : layers) {
      changes
          .computeIfAbsent(layer.base(), name -> new LinkedHashMap<>())
          .put(layer.name(), layer.read(manager));
    }
    return new LoraWeights(changes, embeddings);
  }

  private Place place(String alias, String key, List<LoraBase> bases) {
    for (LoraBase base : bases) {
      String layer = base.layer(alias);
      if (layer != null) {
        return new Place(base, layer);
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: tensor %s: expected a layer of this model's %s, got one that none of them has; the LoRA was made for another base model"
            .formatted(
                file.place(), key, String.join(", ", bases.stream().map(LoraBase::name).toList())));
  }

  /** cloneofsimo's layers, {@code unet:12}: the notes of the file say which classes are counted. */
  private Map<String, Place> numbered(List<LoraBase> bases) {
    Map<String, Place> places = new HashMap<>();
    for (LoraBase base : bases) {
      String note = file.metadata().get(base.name());
      if (note != null) {
        List<String> layers = base.numbered(classes(note));
        for (int i = 0; i < layers.size(); i++) {
          places.put(base.name() + ":" + i, new Place(base, layers.get(i)));
        }
      }
    }
    return places;
  }

  private Set<String> classes(String note) {
    Set<String> classes = new LinkedHashSet<>();
    try {
      for (JsonNode name : new ObjectMapper().readTree(note)) {
        classes.add(name.asText());
      }
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a list of classes in the notes, got %s".formatted(file.place(), note), e);
    }
    for (String name : classes) {
      if (!NUMBERED_CLASSES.contains(name)) {
        throw DiffusionException.badCheckpoint(
            "%s: expected a LoRA of the layers of %s, which is what this library supports, got one of %s"
                .formatted(file.place(), NUMBERED_CLASSES.stream().sorted().toList(), name));
      }
    }
    return classes;
  }

  private TextualInversion embedding(String token, NDManager manager) {
    Shape shape = file.entry(token).shape();
    if (shape.dimension() != 1 || !file.entry(token).type().isFloating()) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected the floating [C] of a token, got %s"
              .formatted(file.place(), token, shape));
    }
    try (NDArray vector = file.read(token, manager)) {
      return new TextualInversion(token, List.of(vector.toFloatArray()), List.of());
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
