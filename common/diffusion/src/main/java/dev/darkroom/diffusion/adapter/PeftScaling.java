package dev.darkroom.diffusion.adapter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * PEFT's LoraConfig, where a file or a folder has one: PEFT keeps alpha there, and not beside each
 * layer.
 */
final class PeftScaling {
  /** The note of a safetensors file in which diffusers keeps it, one field a component. */
  static final String NOTE = "lora_adapter_metadata";

  /** What PEFT writes beside the weights of a folder. */
  static final String FILE = "adapter_config.json";

  private final String place;
  private final ObjectNode config;
  private final boolean byComponent;

  private PeftScaling(String place, ObjectNode config, boolean byComponent) {
    this.place = place;
    this.config = config;
    this.byComponent = byComponent;
  }

  /**
   * @param byComponent whether each field's name begins with that of its component
   */
  static PeftScaling parse(String place, String text, boolean byComponent) {
    try {
      if (new ObjectMapper().readTree(text) instanceof ObjectNode config) {
        return new PeftScaling(place, config, byComponent);
      }
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          "%s: expected PEFT's config as JSON, got: %s".formatted(place, e.getOriginalMessage()),
          e);
    }
    throw DiffusionException.badCheckpoint(place + ": expected PEFT's config as a JSON object");
  }

  /** Whether every layer's change is a DoRA's. */
  boolean isDecomposed(String component) {
    return field(component, "use_dora").asBoolean(false);
  }

  /** What the sum of a layer's factors is multiplied with: 1 where nothing is said. */
  double scale(String component, String layer, long rank) {
    JsonNode alpha = pattern(field(component, "alpha_pattern"), layer);
    if (alpha == null) {
      alpha = field(component, "lora_alpha");
    }
    if (alpha.isMissingNode()) {
      return 1;
    }
    if (!alpha.isNumber() || !Double.isFinite(alpha.doubleValue())) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a number as lora_alpha, got %s".formatted(place, alpha));
    }
    boolean stabilised = field(component, "use_rslora").asBoolean(false);
    return alpha.doubleValue() / (stabilised ? Math.sqrt(rank) : rank);
  }

  private JsonNode field(String component, String name) {
    return config.path(byComponent ? component + "." + name : name);
  }

  /**
   * The value for the first path that a layer's name ends with. PEFT reads these as regular
   * expressions, and writes names: no file makes this machine search for a pattern of its own.
   */
  private @Nullable JsonNode pattern(JsonNode patterns, String layer) {
    for (Map.Entry<String, JsonNode> entry : patterns.properties()) {
      String path = entry.getKey();
      if (!path.matches("[A-Za-z0-9_.]+")) {
        throw DiffusionException.badCheckpoint(
            "%s: alpha_pattern: expected names of layers, which is what this library supports, got %s"
                .formatted(place, path));
      }
      if (layer.equals(path) || layer.endsWith("." + path)) {
        return entry.getValue();
      }
    }
    return null;
  }
}
