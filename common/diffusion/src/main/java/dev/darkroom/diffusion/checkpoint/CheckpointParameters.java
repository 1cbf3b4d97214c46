package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.Initialisation;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.ShapeParameters;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The parameters of a checkpoint, strictly. While a model is built the differences between what it
 * asks for and what is there are gathered; {@link #requireAllTaken} then refuses a checkpoint that
 * has any, so that its error can count them. A model that was refused holds placeholders.
 */
public final class CheckpointParameters implements ParameterSource {
  private final Checkpoint checkpoint;
  private final NDManager manager;
  private final UnaryOperator<String> olderName;
  private final Set<String> taken = new HashSet<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> others = new ArrayList<>();
  private final FiniteChecks checks = new FiniteChecks();

  /**
   * @param olderName what a key that is not there may have been called before; the identity where
   *     names never changed
   */
  public CheckpointParameters(
      Checkpoint checkpoint, NDManager manager, UnaryOperator<String> olderName) {
    this.checkpoint = checkpoint;
    this.manager = manager;
    this.olderName = olderName;
  }

  public CheckpointParameters(Checkpoint checkpoint, NDManager manager) {
    this(checkpoint, manager, UnaryOperator.identity());
  }

  @Override
  public NDManager manager() {
    return manager;
  }

  @Override
  public boolean holds(String key) {
    return checkpoint.holds(key) || checkpoint.holds(olderName.apply(key));
  }

  /**
   * @throws DiffusionException if the parameter holds a NaN or an infinity; of a large one {@link
   *     #requireAllTaken} says so
   */
  @Override
  public NDArray take(String key, Shape shape, Initialisation initialisation) {
    return take(key, shape, false);
  }

  /**
   * @throws DiffusionException as {@link #take} does
   */
  @Override
  public NDArray takeStored(String key, Shape shape, Initialisation initialisation) {
    return take(key, shape, true);
  }

  @Override
  public boolean isMapped(String key) {
    String name = name(key);
    return taken.contains(name) && TensorLoading.staysMapped(checkpoint.entry(name), manager);
  }

  private String name(String key) {
    return checkpoint.holds(key) ? key : olderName.apply(key);
  }

  private NDArray take(String key, Shape shape, boolean asStored) {
    String name = name(key);
    if (!checkpoint.holds(name)) {
      missing.add(key + " " + shape);
      return ShapeParameters.placeholder(shape, manager);
    }
    taken.add(name);
    StoredTensor entry = checkpoint.entry(name);
    if (!entry.shape().equals(shape) || !entry.type().isFloating()) {
      others.add(
          "tensor %s: expected floating %s, as config.json asks for, got %s %s"
              .formatted(key, shape, entry.type(), entry.shape()));
    }
    if (!missing.isEmpty() || !others.isEmpty()) {
      return ShapeParameters.placeholder(shape, manager);
    }
    NDArray parameter = TensorLoading.loadFinite(key, entry, asStored, manager, checks);
    if (parameter == null) {
      throw notFinite(key);
    }
    return parameter;
  }

  private DiffusionException notFinite(String key) {
    return DiffusionException.badCheckpoint(
        "%s: tensor %s: expected finite values, got a NaN or an infinity; the file is damaged, or was saved from a failed training"
            .formatted(checkpoint.place(), key));
  }

  /**
   * @param ignorable keys that some writers store and no model needs
   * @throws DiffusionException naming a parameter that holds a NaN or an infinity, or the first key
   *     that the model lacked, or did not take, and counting the rest
   */
  public void requireAllTaken(Predicate<String> ignorable) {
    String broken = checks.firstBroken();
    if (broken != null) {
      throw notFinite(broken);
    }
    if (!missing.isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: expected tensor %s, as config.json asks for, got none among its %d%s; the config or the weights belong to another model"
              .formatted(
                  checkpoint.place(), missing.getFirst(), checkpoint.keys().size(), rest(missing)));
    }
    if (!others.isEmpty()) {
      throw DiffusionException.badCheckpoint(
          checkpoint.place() + ": " + others.getFirst() + rest(others));
    }
    Set<String> left = new TreeSet<>(checkpoint.keys());
    left.removeAll(taken);
    left.removeIf(ignorable);
    if (!left.isEmpty()) {
      throw DiffusionException.badCheckpoint(
          "%s: expected no tensors but those that config.json asks for, got %d more, the first %s"
              .formatted(checkpoint.place(), left.size(), left.iterator().next()));
    }
  }

  private static String rest(List<String> differences) {
    int rest = differences.size() - 1;
    return rest == 0 ? "" : " (and %d more like it)".formatted(rest);
  }
}
