package dev.darkroom.diffusion.singlefile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A JSON file of a diffusers folder, as it is.
 *
 * @param name what errors call it
 */
public record ComponentConfig(String name, ObjectNode json) {
  private static final long MAX_BYTES = 4 << 20;

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  static ComponentConfig parse(String name, String text) {
    try {
      if (JSON.readTree(text) instanceof ObjectNode object) {
        return new ComponentConfig(name, object);
      }
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          name + ": expected a JSON object, got: " + e.getOriginalMessage(), e);
    }
    throw DiffusionException.badCheckpoint(name + ": expected a JSON object");
  }

  /**
   * @throws DiffusionException if there is no such file, or it is no JSON object
   */
  public static ComponentConfig read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw DiffusionException.badCheckpoint(
            file + ": no such file; expected a diffusers folder's config");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw DiffusionException.badCheckpoint(file + ": expected at most " + MAX_BYTES + " bytes");
      }
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** As a model's config reads it. */
  public ModelConfig reader() {
    return ModelConfig.of(name, json);
  }

  String text(String field) {
    return json.path(field).asText("");
  }

  ComponentConfig with(String field, String value) {
    ObjectNode changed = json.deepCopy();
    if (field.equals("architectures")) {
      changed.putArray(field).add(value);
    } else {
      changed.put(field, value);
    }
    return new ComponentConfig(name, changed);
  }

  ComponentConfig with(String field, JsonNode value) {
    ObjectNode changed = json.deepCopy();
    changed.set(field, value);
    return new ComponentConfig(name, changed);
  }
}
