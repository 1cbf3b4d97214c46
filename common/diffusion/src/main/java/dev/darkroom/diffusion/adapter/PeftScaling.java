package dev.darkroom.diffusion.adapter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * PEFT's LoraConfig, LoHaConfig or LoKrConfig, where a file or a folder has one: PEFT keeps alpha
 * there, and not beside each layer.
 */
final class PeftScaling {
  /** The note of a safetensors file in which diffusers keeps it, one field a component. */
  static final String NOTE = "lora_adapter_metadata";

  /** What PEFT writes beside the weights of a folder. */
  static final String FILE = "adapter_config.json";

  /** What alpha is called in the config of each kind. */
  private static final Map<String, String> ALPHA =
      Map.of("LORA", "lora_alpha", "LOHA", "alpha", "LOKR", "alpha");

  /** Fields that, where they say anything, ask for more than a sum with the factors' product. */
  private static final List<String> OTHER_FORWARDS =
      List.of(
          "alora_invocation_tokens",
          "arrow_config",
          "kasa_config",
          "layer_replication",
          "monteclora_config",
          "use_bdlora",
          "use_qalora");

  /** Beginnings that leave the base without what they took from it for the factors. */
  private static final Pattern REWRITTEN_BASE =
      Pattern.compile("pissa.*|corda|olora|loftq|lora_ga", Pattern.CASE_INSENSITIVE);

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

  /**
   * What the product of a layer's factors is multiplied with: 1 where nothing is said.
   *
   * @param rank of the factors; null where none is decomposed: PEFT then takes the rank that was
   *     asked for
   * @throws DiffusionException if the config asks for what its factors alone do not do
   */
  double scale(String component, String layer, @Nullable Long rank) {
    String field = alphaField(component);
    requireSum(component);
    Double alpha = number(component, "alpha_pattern", field, layer);
    if (alpha == null) {
      return 1;
    }
    Double over =
        rank == null ? number(component, "rank_pattern", "r", layer) : (Double) (double) rank;
    if (over == null) {
      return 1;
    }
    boolean stabilised = field(component, "use_rslora").asBoolean(false);
    return alpha / (stabilised ? Math.sqrt(over) : over);
  }

  private String alphaField(String component) {
    String kind = field(component, "peft_type").asText("LORA");
    String field = ALPHA.get(kind);
    if (field == null) {
      throw DiffusionException.badCheckpoint(
          "%s: peft_type: expected one of %s, which is what this library supports, got %s"
              .formatted(place, ALPHA.keySet().stream().sorted().toList(), kind));
    }
    return field;
  }

  private void requireSum(String component) {
    for (String other : OTHER_FORWARDS) {
      JsonNode value = field(component, other);
      if (!value.isMissingNode() && !value.isNull() && !value.equals(BooleanNode.FALSE)) {
        throw DiffusionException.badCheckpoint(
            "%s: %s: expected none, for this library adds the product of the factors and no more, got %s"
                .formatted(place, other, value));
      }
    }
    String beginning = field(component, "init_lora_weights").asText("");
    if (REWRITTEN_BASE.matcher(beginning).matches()) {
      throw DiffusionException.badCheckpoint(
          "%s: init_lora_weights: expected factors for the base as it is, got those of %s, which rewrites it; save them with path_initial_model_for_weight_conversion"
              .formatted(place, beginning));
    }
  }

  /** The number for a layer, of its own or of all; null where none is given. */
  private @Nullable Double number(String component, String patterns, String name, String layer) {
    JsonNode own = pattern(patterns, field(component, patterns), layer);
    JsonNode value = own == null ? field(component, name) : own;
    if (value.isMissingNode()) {
      return null;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a number as %s, got %s".formatted(place, name, value));
    }
    return value.doubleValue();
  }

  private JsonNode field(String component, String name) {
    return config.path(byComponent ? component + "." + name : name);
  }

  /**
   * The value for the first path that a layer's name ends with. PEFT reads these as regular
   * expressions, and writes names: no file makes this machine search for a pattern of its own.
   */
  private @Nullable JsonNode pattern(String name, JsonNode patterns, String layer) {
    for (Map.Entry<String, JsonNode> entry : patterns.properties()) {
      String path = entry.getKey();
      if (!path.matches("[A-Za-z0-9_.]+")) {
        throw DiffusionException.badCheckpoint(
            "%s: %s: expected names of layers, which is what this library supports, got %s"
                .formatted(place, name, path));
      }
      if (layer.equals(path) || layer.endsWith("." + path)) {
        return entry.getValue();
      }
    }
    return null;
  }
}
