package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What the forward of a U-Net, or of its encoder, needs of its inputs. */
public final class InputShapes {
  private InputShapes() {}

  /**
   * @throws DiffusionException naming the array whose shape is not what the config needs
   */
  public static void check(
      UNetConfig config, NDArray sample, NDArray timestep, Conditions conditions) {
    checkSample(config.sampleChannels(), sample, timestep);
    KLevels.checkSides(config, sample.getShape());
    long rows = sample.getShape().get(0);
    long tokens = 0;
    if (config.readsText()) {
      Shape context = conditions.context().getShape();
      if (context.dimension() != 3
          || context.get(0) != rows
          || context.get(2) != config.contextChannels()) {
        throw DiffusionException.badInput(
            "encoder_hidden_states: expected [%d,T,%d], got %s"
                .formatted(rows, config.contextChannels(), context));
      }
      tokens = context.get(1);
    }
    NDArray contextMask = conditions.contextMask();
    if (contextMask != null) {
      requireShape("encoder_attention_mask", contextMask, rows, config.attendedTokens(tokens));
    }
    Conditions.Added added = conditions.added();
    if (added != null) {
      requireRows("added_cond_kwargs.image_embeds", added.imageEmbeds(), rows);
    }
    if (config.readsHint()) {
      checkHint(sample.getShape(), added);
    }
    if (conditions.grounding() != null) {
      checkGrounding(config, rows, conditions.grounding());
    }
  }

  private static void checkHint(Shape sample, Conditions.@Nullable Added added) {
    NDArray hint = added == null ? null : added.hint();
    int factor = AdditionEmbedding.ImageHint.FACTOR;
    Shape got = hint == null ? new Shape() : hint.getShape();
    boolean fits =
        got.dimension() == 4
            && got.get(0) == sample.get(0)
            && got.get(1) == 3
            && Math.ceilDiv(got.get(2), factor) == sample.get(2)
            && Math.ceilDiv(got.get(3), factor) == sample.get(3);
    if (!fits) {
      throw DiffusionException.badInput(
          "added_cond_kwargs.hint: expected [%d,3,%d,%d], got %s"
              .formatted(
                  sample.get(0),
                  factor * sample.get(2),
                  factor * sample.get(3),
                  hint == null ? "none" : got));
    }
  }

  private static void checkGrounding(UNetConfig config, long rows, Conditions.Grounding grounding) {
    AttentionType type = config.transformers().attentionType();
    int kinds = grounding.meanings().size();
    if (!type.isGated() || kinds != type.kinds()) {
      throw DiffusionException.badInput(
          "gligen: expected %s for a model of attention_type %s, got %d"
              .formatted(
                  type.isGated() ? type.kinds() + " kinds of embeddings" : "none",
                  type.configName(),
                  kinds));
    }
    int channels = config.crossAttentionDim().getFirst();
    if (config.crossAttentionDim().stream().anyMatch(each -> each != channels)) {
      throw DiffusionException.badInput(
          "gligen: expected a model of one cross_attention_dim for objects, got "
              + config.crossAttentionDim());
    }
    Shape boxes = grounding.boxes().getShape();
    long objects = boxes.dimension() == 3 ? boxes.get(1) : 0;
    requireShape("gligen: boxes", grounding.boxes(), rows, objects, 4);
    requireShape("gligen: masks", grounding.masks(), rows, objects);
    for (Conditions.Grounding.Meaning meaning : grounding.meanings()) {
      requireShape("gligen: embeddings", meaning.embeddings(), rows, objects, channels);
      requireShape("gligen: masks of embeddings", meaning.masks(), rows, objects);
    }
  }

  private static void requireRows(String what, @Nullable NDArray array, long rows) {
    if (array != null && (array.getShape().dimension() == 0 || array.getShape().get(0) != rows)) {
      throw DiffusionException.badInput(
          "%s: expected one for each of %d rows, got %s".formatted(what, rows, array.getShape()));
    }
  }

  private static void requireShape(String what, NDArray array, long... expected) {
    if (!array.getShape().equals(new Shape(expected))) {
      throw DiffusionException.badInput(
          "%s: expected %s, got %s"
              .formatted(what, Arrays.toString(expected).replace(" ", ""), array.getShape()));
    }
  }

  /**
   * @throws DiffusionException if the sample is not [N, channels, H, W] float32, or its times are
   *     not [N]
   */
  static void checkSample(int channels, NDArray sample, NDArray timestep) {
    Shape shape = sample.getShape();
    if (shape.dimension() != 4 || shape.get(1) != channels || shape.size() == 0) {
      throw DiffusionException.badInput(
          "sample: expected [N,%d,H,W], got %s".formatted(channels, shape));
    }
    if (sample.getDataType() != DataType.FLOAT32) {
      throw DiffusionException.badInput("sample: expected float32, got " + sample.getDataType());
    }
    long rows = shape.get(0);
    if (!timestep.getShape().equals(new Shape(rows))) {
      throw DiffusionException.badInput(
          "timestep: expected [%d], one for each row, got %s".formatted(rows, timestep.getShape()));
    }
  }
}
