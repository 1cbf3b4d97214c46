package dev.darkroom.diffusion.singlefile;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What a component's weights have and lack of what its config asks for.
 *
 * @param missing keys that are not there, or of another shape or of integers, each with what was
 *     asked for
 * @param unexpected keys that the config does not ask for
 */
public record KeyDifferences(List<String> missing, List<String> unexpected) {
  public KeyDifferences {
    missing = List.copyOf(missing);
    unexpected = List.copyOf(unexpected);
  }

  public static KeyDifferences between(
      Map<String, Shape> expected, Map<String, StoredTensor> actual) {
    List<String> missing = new ArrayList<>();
    expected.forEach(
        (key, shape) -> {
          StoredTensor tensor = actual.get(key);
          if (tensor == null) {
            missing.add(key);
          } else if (!tensor.shape().equals(shape) || !tensor.type().isFloating()) {
            missing.add(
                "%s %s (the file has %s %s)".formatted(key, shape, tensor.type(), tensor.shape()));
          }
        });
    TreeSet<String> unexpected = new TreeSet<>(actual.keySet());
    unexpected.removeAll(expected.keySet());
    return new KeyDifferences(missing, List.copyOf(unexpected));
  }

  /**
   * @param what the file and the component
   * @throws DiffusionException if there are any, naming the first and counting the rest
   */
  public void requireNone(String what) {
    if (!missing.isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: expected every tensor that the config asks for, got none for %d, the first %s; the config or the weights belong to another model"
              .formatted(what, missing.size(), missing.getFirst()));
    }
    if (!unexpected.isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: expected no tensors but those that the config asks for, got %d more, the first %s; the config or the weights belong to another model"
              .formatted(what, unexpected.size(), unexpected.getFirst()));
    }
  }
}
