package dev.darkroom.cli.forward;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tensors of {@code inputs.safetensors}; one that nobody asks for is an error, or a wrong name
 * would pass for a default.
 */
final class Inputs implements AutoCloseable {
  static final String FILE = "inputs.safetensors";

  private final SafetensorsFile file;
  private final NDManager manager;
  private final Set<String> asked = new HashSet<>();

  Inputs(Path folder, NDManager manager) {
    this.file = SafetensorsFile.open(folder.resolve(FILE));
    this.manager = manager;
  }

  NDManager manager() {
    return manager;
  }

  Optional<NDArray> find(String name) {
    asked.add(name);
    return file.tensors().containsKey(name)
        ? Optional.of(file.read(name, manager))
        : Optional.empty();
  }

  NDArray get(String name) {
    return find(name)
        .orElseThrow(
            () ->
                DiffusionException.badInput(
                    "%s: expected the tensor %s, found %s"
                        .formatted(file.path(), name, file.tensors().keySet())));
  }

  /** {@code name.0}, {@code name.1} and so on, as far as they go. */
  List<NDArray> list(String name) {
    List<NDArray> list = new ArrayList<>();
    for (Optional<NDArray> next = find(name + ".0");
        next.isPresent();
        next = find(name + "." + list.size())) {
      list.add(next.get());
    }
    return list;
  }

  /** The one value of a tensor of one element. */
  Optional<Double> number(String name) {
    return find(name)
        .map(
            tensor -> {
              if (tensor.size() != 1) {
                throw DiffusionException.badInput(
                    "%s: expected one number as %s, got shape %s"
                        .formatted(file.path(), name, tensor.getShape()));
              }
              return tensor.toArray()[0].doubleValue();
            });
  }

  /** Refuses what is left over. */
  void requireAllAsked() {
    Set<String> left = new TreeSet<>(file.tensors().keySet());
    left.removeAll(asked);
    if (!left.isEmpty()) {
      throw DiffusionException.badInput(
          "%s: the tensor %s is no input of this class, or not supported yet"
              .formatted(file.path(), left.iterator().next()));
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
