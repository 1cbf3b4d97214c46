package dev.darkroom.diffusion.adapter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.LowRank;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the file of a {@link Lora} holds for one layer of a model. */
final class LoraLayer {
  private final Checkpoint file;
  private final @Nullable PeftScaling scaling;
  private final LoraBase base;
  private final String layer;
  private final EnumMap<Part, String> parts;

  /** Of the layer, as the model has it. */
  private final Shape weight;

  /**
   * @param base the component with the layer
   * @param parts the tensors' keys, at least one
   */
  LoraLayer(
      Checkpoint file,
      @Nullable PeftScaling scaling,
      LoraBase base,
      String layer,
      EnumMap<Part, String> parts) {
    this.file = file;
    this.scaling = scaling;
    this.base = base;
    this.layer = layer;
    this.parts = parts;
    this.weight = base.shape(layer);
  }

  /** The name of the component. */
  String base() {
    return base.name();
  }

  /** The layer's key in the component. */
  String name() {
    return layer;
  }

  /**
   * Reads no weight.
   *
   * @throws DiffusionException if a tensor is missing, or one has not the shape that the layer asks
   *     for
   */
  void check() {
    checkMagnitude();
    if (LycorisChange.isIn(parts.keySet())) {
      checkLycoris();
      return;
    }
    for (Part needed : List.of(Part.DOWN, Part.UP)) {
      if (!parts.containsKey(needed)) {
        throw DiffusionException.badCheckpoint(
            "%s: tensor %s: expected the %s of its layer beside it, got none"
                .formatted(
                    file.place(),
                    parts.values().iterator().next(),
                    needed.name().toLowerCase(Locale.ROOT)));
      }
    }
    LoraShapes shapes =
        LoraShapes.of(weight, shape(parts.get(Part.DOWN)), parts.containsKey(Part.MID));
    requireShape(parts.get(Part.DOWN), shapes.down());
    requireShape(parts.get(Part.UP), shapes.up());
    if (parts.containsKey(Part.MID)) {
      requireShape(parts.get(Part.MID), shapes.mid());
    }
  }

  /** PEFT's is [1, out, 1, 1] for a convolution; LyCORIS' [1, in, ...] is of each input. */
  private void checkMagnitude() {
    String key = parts.get(Part.MAGNITUDE);
    if (key == null) {
      if (scaling != null && scaling.isDecomposed(base.name())) {
        throw DiffusionException.badCheckpoint(
            "%s: tensor %s: expected the magnitude of its layer beside it, for PEFT's config says use_dora, got none"
                .formatted(file.place(), parts.values().iterator().next()));
      }
      return;
    }
    StoredTensor entry = file.entry(key);
    Shape each = new Shape(weight.get(0));
    boolean ofPeft =
        !key.endsWith(".dora_scale") && entry.shape().dimension() == weight.dimension();
    if (ofPeft && LoraShapes.same(entry.shape(), new Shape(1).addAll(each))) {
      return;
    }
    if (LoraShapes.same(entry.shape(), new Shape(1, weight.get(1)))) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected the magnitudes of a DoRA for each output, %s, which is what this library supports, got those of each input, %s (wd_on_output=False)"
              .formatted(file.place(), key, each, entry.shape()));
    }
    requireShape(key, each);
  }

  private void checkLycoris() {
    String fault = LycorisChange.fault(weight, shapes());
    if (fault != null) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected factors of a LoHa or LoKr of shape %s for %s of this model's %s, got %s; it was made for another base model"
              .formatted(
                  file.place(),
                  parts.values().iterator().next(),
                  weight,
                  layer,
                  base.name(),
                  fault));
    }
  }

  private EnumMap<Part, Shape> shapes() {
    EnumMap<Part, Shape> shapes = new EnumMap<>(Part.class);
    parts.forEach((part, key) -> shapes.put(part, shape(key)));
    return shapes;
  }

  private Shape shape(@Nullable String key) {
    return key == null ? new Shape() : file.entry(key).shape();
  }

  private void requireShape(@Nullable String key, Shape expected) {
    if (key == null) {
      return;
    }
    StoredTensor entry = file.entry(key);
    if (!entry.type().isFloating() || !LoraShapes.same(entry.shape(), expected)) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected floating %s for %s of this model's %s, got %s %s; the LoRA was made for another base model"
              .formatted(
                  file.place(), key, expected, layer, base.name(), entry.type(), entry.shape()));
    }
  }

  /**
   * What {@link #check} has seen.
   *
   * @param manager owner of what is read
   * @throws DiffusionException if a factor holds a NaN or an infinity
   */
  LowRank read(NDManager manager) {
    String magnitude = parts.get(Part.MAGNITUDE);
    LowRank change = product(manager);
    Shape each = new Shape(weight.get(0));
    return magnitude == null ? change : change.withMagnitude(factor(magnitude, each, manager));
  }

  private LowRank product(NDManager manager) {
    if (LycorisChange.isIn(parts.keySet())) {
      return LycorisChange.of(
          weight,
          scale(LycorisChange.rank(shapes()), manager),
          part ->
              parts.containsKey(part)
                  ? factor(parts.get(part), shape(parts.get(part)), manager)
                  : null);
    }
    String midKey = parts.get(Part.MID);
    LoraShapes shapes = LoraShapes.of(weight, shape(parts.get(Part.DOWN)), midKey != null);
    double scale = scale(shapes.down().get(0), manager);
    return new LowRank(
        factor(parts.get(Part.DOWN), shapes.down(), manager),
        midKey == null ? null : factor(midKey, shapes.mid(), manager),
        factor(parts.get(Part.UP), shapes.up(), manager),
        scale);
  }

  /**
   * What the product of a layer's factors is multiplied with. Two whole factors of LyCORIS have no
   * rank, and an alpha beside them says nothing.
   */
  private double scale(@Nullable Long rank, NDManager manager) {
    String alpha = parts.get(Part.ALPHA);
    if (alpha != null) {
      return rank == null ? 1 : number(alpha, manager) / rank;
    }
    return scaling == null ? 1 : scaling.scale(base.name(), layer, rank);
  }

  private double number(String key, NDManager manager) {
    if (file.entry(key).shape().size() != 1) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected one number, got shape %s"
              .formatted(file.place(), key, file.entry(key).shape()));
    }
    try (NDArray tensor = file.read(key, manager)) {
      double value = tensor.toArray()[0].doubleValue();
      if (!Double.isFinite(value)) {
        throw DiffusionException.badCheckpoint(
            "%s: tensor %s: expected a finite number, got %s".formatted(file.place(), key, value));
      }
      return value;
    }
  }

  private NDArray factor(@Nullable String key, Shape shape, NDManager manager) {
    if (key == null) {
      throw DiffusionException.internal("a factor was not checked", null);
    }
    if (!file.entry(key).isFinite()) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected finite values, got a NaN or an infinity; the file is damaged, or was saved from a failed training"
              .formatted(file.place(), key));
    }
    NDArray read = file.read(key, manager);
    return Scope.release(read.getShape().equals(shape) ? read : read.reshape(shape));
  }
}
