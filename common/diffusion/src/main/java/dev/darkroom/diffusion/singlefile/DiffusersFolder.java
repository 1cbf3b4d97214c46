package dev.darkroom.diffusion.singlefile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.singlefile.SingleFile.Component;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes a single file's model as a diffusers folder. */
public final class DiffusersFolder {
  private DiffusersFolder() {}

  /**
   * @param folder is made; a failed call leaves what it has written
   * @param type what floating tensors become, null to keep each as it is
   * @throws DiffusionException if the file is not whole
   */
  public static void write(SingleFile file, Path folder, @Nullable TensorType type) {
    file.requireWhole();
    file.components().values().forEach(component -> write(component, folder, type));
    if (file.family().isOneComponent()) {
      return;
    }
    ObjectNode index = file.index().json().deepCopy();
    for (String name : file.others()) {
      if (!writePart(file, name, folder)) {
        index.putArray(name).addNull().addNull();
      }
    }
    writeJson(folder.resolve("scheduler"), "scheduler_config.json", file.scheduler().json());
    writeJson(folder, ModelIndex.FILE, index);
  }

  private static void write(Component component, Path folder, @Nullable TensorType type) {
    Path place = folder.resolve(component.name());
    ObjectNode config = component.config().json();
    if (component.kind() == ComponentKind.CLIP
        || component.kind() == ComponentKind.CLIP_WITH_PROJECTION) {
      config = config.deepCopy();
      config.putArray("architectures").add(component.kind().className());
    }
    writeJson(place, "config.json", config);
    SafetensorsWriter.copy(
        place.resolve(component.kind().weightsName()),
        component.weights().tensors(),
        type,
        Map.of());
  }

  /**
   * Writes a part that is no model: a tokenizer, a further scheduler. The user's folder of configs
   * is asked first, then what is published.
   *
   * @param folder the model's; the part gets a folder of its name in it
   * @return false where neither has it
   */
  public static boolean writePart(SingleFile file, String name, Path folder) {
    Path given = file.configs().folderOf(name);
    if (given != null) {
      copy(given, folder.resolve(name));
      return true;
    }
    boolean written = false;
    for (String json :
        new String[] {
          "scheduler_config.json", "tokenizer_config.json", "special_tokens_map.json"
        }) {
      ComponentConfig published = file.configs().published(name + "/" + json);
      if (published != null) {
        writeJson(folder.resolve(name), json, published.json());
        written = true;
      }
    }
    if (written && name.startsWith("tokenizer")) {
      ClipVocabulary.write(folder.resolve(name));
    }
    return written;
  }

  private static void writeJson(Path folder, String name, JsonNode json) {
    makeFolder(folder);
    ConfigJson.write(folder.resolve(name), (ObjectNode) json);
  }

  private static void copy(Path from, Path to) {
    makeFolder(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    } catch (IOException e) {
      throw DiffusionException.internal("cannot copy %s to %s".formatted(from, to), e);
    }
  }

  private static void makeFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiffusionException.internal("cannot make " + folder + ": " + e.getMessage(), e);
    }
  }
}
