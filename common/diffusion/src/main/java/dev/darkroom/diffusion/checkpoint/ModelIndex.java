package dev.darkroom.diffusion.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code model_index.json} of a diffusers folder: which pipeline it is, and of which class each
 * sub-folder is.
 *
 * @param className the pipeline's
 * @param components by folder name, in order; {@code null} elements of the file (a safety checker
 *     left out) are not here
 * @param settings whatever else the file says, such as {@code requires_safety_checker}
 */
public record ModelIndex(
    String className, Map<String, Component> components, Map<String, JsonNode> settings) {
  public static final String FILE = "model_index.json";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long MAX_BYTES = 1 << 20;

  /**
   * @param library {@code diffusers} or {@code transformers}
   * @param className within it
   */
  public record Component(String library, String className) {}

  public ModelIndex {
    components = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(components));
    settings = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /**
   * @param folder the model's
   * @throws DiffusionException if it is not a diffusers folder
   */
  public static ModelIndex read(Path folder) {
    Path file = folder.resolve(FILE);
    JsonNode json;
    try {
      if (!Files.isRegularFile(file)) {
        throw DiffusionException.badCheckpoint(
            "%s: expected a diffusers folder, with %s in it".formatted(folder, FILE));
      }
      if (Files.size(file) > MAX_BYTES) {
        throw DiffusionException.badCheckpoint(file + ": expected at most " + MAX_BYTES + " bytes");
      }
      json = JSON.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          file + ": expected JSON, got: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(file + ": cannot be read: " + e.getMessage(), e);
    }
    return of(file.toString(), json);
  }

  /**
   * Reads what such a file holds.
   *
   * @param name what errors call it
   */
  public static ModelIndex of(String name, JsonNode json) {
    if (!json.path("_class_name").isTextual()) {
      throw DiffusionException.badCheckpoint(name + ": expected a _class_name, got none");
    }
    Map<String, Component> components = new LinkedHashMap<>();
    Map<String, JsonNode> settings = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      JsonNode value = field.getValue();
      if (field.getKey().startsWith("_")) {
        continue;
      }
      if (value.isArray()
          && value.size() == 2
          && value.get(0).isTextual()
          && value.get(1).isTextual()) {
        components.put(
            field.getKey(), new Component(value.get(0).textValue(), value.get(1).textValue()));
      } else if (!value.isArray()) {
        settings.put(field.getKey(), value);
      }
    }
    return new ModelIndex(json.path("_class_name").textValue(), components, settings);
  }

  /**
   * The folder of a component, checked to be of a class that the caller can load.
   *
   * @throws DiffusionException if the index lacks it, or names another class
   */
  public Path folder(Path model, String name, String expectedClass) {
    requireClass(model, name, expectedClass);
    return model.resolve(name);
  }

  /**
   * Checks that a component is of a class that the caller can load.
   *
   * @param model what errors name
   * @throws DiffusionException if the index lacks it, or names another class
   */
  public void requireClass(Path model, String name, String expectedClass) {
    Component component = components.get(name);
    if (component == null || !component.className().equals(expectedClass)) {
      throw DiffusionException.badCheckpoint(
          "%s: component %s: expected class %s, got %s"
              .formatted(model, name, expectedClass, describe(component)));
    }
  }

  private static String describe(@Nullable Component component) {
    return component == null ? "none" : component.className();
  }

  /**
   * Writes the file into {@code folder}, which is there.
   *
   * @param absent names of components that this pipeline could have and does not
   */
  public void write(Path folder, String... absent) {
    ObjectNode json = ConfigJson.ofClass(className);
    components.forEach(
        (name, component) ->
            json.putArray(name).add(component.library()).add(component.className()));
    for (String name : absent) {
      json.putArray(name).addNull().addNull();
    }
    settings.forEach(json::set);
    ConfigJson.write(folder.resolve(FILE), json);
  }
}
