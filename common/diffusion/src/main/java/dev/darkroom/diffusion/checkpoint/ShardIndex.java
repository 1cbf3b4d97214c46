package dev.darkroom.diffusion.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The index of weights that are split into several files.
 *
 * @param shards the file of each tensor, beside the index
 */
record ShardIndex(Path file, Map<String, Path> shards) {
  private static final long MAX_BYTES = 16 << 20;

  /** {@code model.safetensors.index.json}, also with a variant before or behind the index. */
  static boolean isNamed(Path file) {
    return file.getFileName().toString().matches(".*\\.index(\\.[^.]+)?\\.json");
  }

  static ShardIndex read(Path index) {
    JsonNode map;
    try {
      if (Files.size(index) > MAX_BYTES) {
        throw DiffusionException.badCheckpoint(
            index + ": expected an index of at most " + MAX_BYTES + " bytes");
      }
      map = new ObjectMapper().readTree(Files.readString(index)).path("weight_map");
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          index + ": expected JSON, got: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(index + ": cannot be read: " + e.getMessage(), e);
    }
    Map<String, Path> shards = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      String name = entry.getValue().asText();
      // A shard lies beside its index: an index is untrusted, and must not point elsewhere.
      if (name.isEmpty() || name.matches("\\.+|.*[/\\\\\\x00].*")) {
        throw DiffusionException.badCheckpoint(
            "%s: expected names of files beside it, got %s".formatted(index, name));
      }
      shards.put(entry.getKey(), index.resolveSibling(name));
    }
    if (shards.isEmpty()) {
      throw DiffusionException.badCheckpoint(index + ": expected a weight_map, got none");
    }
    return new ShardIndex(index, shards);
  }

  /** Opens the shards; each tensor must lie where the index says. */
  Checkpoint open(Path place) {
    Set<Path> files = new LinkedHashSet<>(shards.values());
    Checkpoint checkpoint = Checkpoint.of(place, files);
    for (Map.Entry<String, Path> shard : shards.entrySet()) {
      if (!checkpoint.holds(shard.getKey())
          || checkpoint.entry(shard.getKey()) instanceof TensorView view
              && !view.file().path().equals(shard.getValue())) {
        checkpoint.close();
        throw DiffusionException.badCheckpoint(
            "%s: tensor %s is not in %s, where the index says"
                .formatted(place, shard.getKey(), shard.getValue().getFileName()));
      }
    }
    return checkpoint;
  }
}
