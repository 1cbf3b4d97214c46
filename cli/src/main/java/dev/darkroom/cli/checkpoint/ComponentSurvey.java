package dev.darkroom.cli.checkpoint;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.singlefile.ComponentConfig;
import dev.darkroom.diffusion.singlefile.ComponentKind;
import dev.darkroom.diffusion.singlefile.KeyDifferences;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A component's weights against what its class asks for: every difference is noted, none is an
 * error.
 *
 * @param parameters values in all tensors that the class asks for
 * @param tensors in the files
 * @param types of the tensors in the files, in words
 * @param nonFinite keys of tensors with a NaN or an infinity
 */
record ComponentSurvey(
    ComponentKind kind,
    long parameters,
    int tensors,
    String types,
    KeyDifferences differences,
    List<String> nonFinite) {

  /** Surveys a component folder. */
  static ComponentSurvey of(Path folder, ComponentKind kind) {
    ComponentConfig config = ComponentConfig.read(folder.resolve("config.json"));
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return of(kind, config, current(kind, weights));
    }
  }

  static ComponentSurvey of(ComponentKind kind, ComponentConfig config, Checkpoint weights) {
    Map<String, Shape> shapes = kind.shapes(config, weights::holds);
    List<String> nonFinite =
        weights.tensors().entrySet().stream()
            .filter(entry -> !entry.getValue().isFinite())
            .map(Map.Entry::getKey)
            .toList();
    return new ComponentSurvey(
        kind,
        shapes.values().stream().mapToLong(Shape::size).sum(),
        weights.keys().size(),
        weights.tensors().values().stream()
            .map(tensor -> tensor.type().torchName())
            .collect(Collectors.toCollection(TreeSet::new))
            .stream()
            .collect(Collectors.joining("+")),
        KeyDifferences.between(shapes, weights.tensors()),
        nonFinite);
  }

  /** The weights by the names that the class has now, without what no class asks for. */
  private static Checkpoint current(ComponentKind kind, Checkpoint weights) {
    boolean bare = weights.keys().stream().noneMatch(key -> key.startsWith("text_model."));
    Map<String, StoredTensor> named = new LinkedHashMap<>();
    weights
        .tensors()
        .forEach(
            (key, tensor) -> {
              if (!key.endsWith("position_ids") && !key.startsWith("cls.")) {
                named.put(current(kind, key, bare), tensor);
              }
            });
    return weights.view(named);
  }

  private static String current(ComponentKind kind, String key, boolean bare) {
    return switch (kind) {
      case AUTOENCODER -> AutoencoderKL.currentName(key);
      case BERT -> key.startsWith("bert.") ? key.substring("bert.".length()) : key;
      case CLIP, CLIP_WITH_PROJECTION ->
          bare && !key.startsWith("text_projection.") ? "text_model." + key : key;
      case UNET, CONTROLNET -> key;
    };
  }

  /** Adds itself to a report, its keys below {@code name}. */
  void addTo(
      ObjectNode components,
      String name,
      ArrayNode missing,
      ArrayNode unexpected,
      ArrayNode broken) {
    components
        .putObject(name)
        .put("class", kind.className())
        .put("parameters", parameters)
        .put("tensors", tensors)
        .put("dtype", types);
    differences.missing().forEach(key -> missing.add(name + "." + key));
    differences.unexpected().forEach(key -> unexpected.add(name + "." + key));
    nonFinite.forEach(key -> broken.add(name + "." + key));
  }
}
