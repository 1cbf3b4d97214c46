package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names that two layouts give to one model's tensors: the original one and diffusers'. A rule
 * names a tensor or a whole subtree, whose inner names are then the same; the longest one that
 * matches a key wins.
 */
public final class KeyMap {
  /** How the original layout stores what diffusers stores as {@code parts}. */
  private enum Form {
    /** As it is. */
    SAME,
    /** A linear layer's weight [out, in] as that of a convolution [out, in, 1, 1]. */
    CONVOLUTION,
    /** A matrix with rows and columns exchanged. */
    TRANSPOSED,
    /** Several tensors as one, one after the other along the rows. */
    STACKED
  }

  private record Rule(String original, List<String> parts, Form form) {}

  /**
   * Tensors under other names.
   *
   * @param unknown keys that no rule names, or that lack a tensor they belong with
   */
  public record Translation(Map<String, StoredTensor> tensors, List<String> unknown) {}

  private final Map<String, Rule> byOriginal = new HashMap<>();
  private final Map<String, Rule> byDiffusers = new HashMap<>();

  /** A subtree or tensor that only changes its name. */
  public KeyMap rename(String original, String diffusers) {
    return add(new Rule(original, List.of(diffusers), Form.SAME));
  }

  /** Subtrees that are called the same. */
  public KeyMap keep(String... names) {
    for (String name : names) {
      rename(name, name);
    }
    return this;
  }

  /** A linear layer that the original has as a convolution of one pixel. */
  public KeyMap linearAsConvolution(String original, String diffusers) {
    return add(new Rule(original, List.of(diffusers), Form.CONVOLUTION));
  }

  /** A matrix that the original has transposed. */
  public KeyMap transpose(String original, String diffusers) {
    return add(new Rule(original, List.of(diffusers), Form.TRANSPOSED));
  }

  /** Tensors of the same number of rows that the original has as one. */
  public KeyMap stack(String original, String... diffusers) {
    return add(new Rule(original, List.of(diffusers), Form.STACKED));
  }

  private KeyMap add(Rule rule) {
    boolean isNew = byOriginal.put(rule.original(), rule) == null;
    for (String part : rule.parts()) {
      isNew &= byDiffusers.put(part, rule) == null;
    }
    if (!isNew) {
      throw DiffusionException.internal("two rules for " + rule, null);
    }
    return this;
  }

  /** The tensors under diffusers' names. */
  public Translation toDiffusers(Map<String, StoredTensor> original) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    List<String> unknown = new ArrayList<>();
    original.forEach(
        (key, tensor) -> {
          Match match = match(byOriginal, key);
          if (match == null) {
            unknown.add(key);
            return;
          }
          List<String> parts = match.rule().parts();
          for (int i = 0; i < parts.size(); i++) {
            tensors.put(
                parts.get(i) + match.rest(), part(match.rule().form(), tensor, i, parts.size()));
          }
        });
    return new Translation(tensors, unknown);
  }

  /**
   * What the original calls a subtree or tensor, or null where it has no name of its own for it.
   *
   * @param diffusers its name, no part of a path
   */
  public @Nullable String original(String diffusers) {
    Match match = match(byDiffusers, diffusers);
    return match == null || match.rule().form() == Form.STACKED
        ? null
        : match.rule().original() + match.rest();
  }

  /** The tensors under the original's names. */
  public Translation toOriginal(Map<String, StoredTensor> diffusers) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    List<String> unknown = new ArrayList<>();
    Set<String> stacked = new LinkedHashSet<>();
    diffusers.forEach(
        (key, tensor) -> {
          Match match = match(byDiffusers, key);
          if (match == null) {
            unknown.add(key);
            return;
          }
          String original = match.rule().original() + match.rest();
          switch (match.rule().form()) {
            case SAME -> tensors.put(original, tensor);
            case CONVOLUTION -> tensors.put(original, withPixel(tensor));
            case TRANSPOSED -> tensors.put(original, view(tensor).transposed());
            case STACKED -> {
              if (!stacked.add(original)) {
                return;
              }
              List<StoredTensor> parts = new ArrayList<>();
              for (String part : match.rule().parts()) {
                StoredTensor there = diffusers.get(part + match.rest());
                if (there != null) {
                  parts.add(there);
                }
              }
              if (parts.size() < match.rule().parts().size()) {
                unknown.add(key);
              } else {
                tensors.put(original, new StackedTensor(parts));
              }
            }
          }
        });
    return new Translation(tensors, unknown);
  }

  private record Match(Rule rule, String rest) {}

  private static @Nullable Match match(Map<String, Rule> rules, String key) {
    for (int end = key.length(); end > 0; end = key.lastIndexOf('.', end - 1)) {
      Rule rule = rules.get(key.substring(0, end));
      if (rule != null) {
        return new Match(rule, key.substring(end));
      }
    }
    return null;
  }

  private static StoredTensor part(Form form, StoredTensor tensor, int index, int count) {
    return switch (form) {
      case SAME -> tensor;
      case CONVOLUTION -> withoutPixel(tensor);
      case TRANSPOSED -> view(tensor).transposed();
      case STACKED -> {
        Shape shape = tensor.shape();
        if (shape.dimension() == 0 || shape.get(0) % count != 0) {
          throw DiffusionException.badCheckpoint(
              "%s: expected a tensor of %d equal parts, got shape %s"
                  .formatted(view(tensor).file().path(), count, shape));
        }
        long rows = shape.get(0) / count;
        yield view(tensor).rows(index * rows, (index + 1) * rows);
      }
    };
  }

  /** [out, in, 1, 1] as [out, in]; some writers have done it already, and a bias needs nothing. */
  private static StoredTensor withoutPixel(StoredTensor tensor) {
    Shape shape = tensor.shape();
    for (int i = 2; i < shape.dimension(); i++) {
      if (shape.get(i) != 1) {
        return tensor;
      }
    }
    return shape.dimension() > 2 ? view(tensor).reshaped(shape.slice(0, 2)) : tensor;
  }

  private static StoredTensor withPixel(StoredTensor tensor) {
    return tensor.shape().dimension() == 2
        ? view(tensor).reshaped(tensor.shape().add(1).add(1))
        : tensor;
  }

  private static TensorView view(StoredTensor tensor) {
    return switch (tensor) {
      case TensorView view -> view;
      case StackedTensor _, StoredNumbers _ ->
          throw DiffusionException.internal(
              "only a tensor that lies in a file can be seen in another form", null);
    };
  }
}
