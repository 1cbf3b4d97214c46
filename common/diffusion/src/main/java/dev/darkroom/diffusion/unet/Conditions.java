package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.Perturbation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a forward is conditioned on besides time; each array has one row for each row of the sample.
 * Start from {@link #text}.
 *
 * @param context [N, T, D] float32, the states of a text encoder; null for a model that reads none
 * @param contextMask [N, T], 1 for tokens to attend to and 0 for others, or null to attend to all
 * @param classLabels as the model's {@link ClassEmbedding} says, or null
 * @param added what is added to time beside labels, or becomes the context; or null
 * @param timeCondition [N, timeCondProjDim] float32, or null
 * @param residuals what a ControlNet adds, or null
 * @param perturbation of the self-attention of some rows, or null
 * @param grounding of objects in boxes, or null
 */
public record Conditions(
    @Nullable NDArray context,
    @Nullable NDArray contextMask,
    @Nullable NDArray classLabels,
    @Nullable Added added,
    @Nullable NDArray timeCondition,
    @Nullable Residuals residuals,
    @Nullable Perturbation perturbation,
    @Nullable Grounding grounding) {

  /**
   * Diffusers' {@code added_cond_kwargs}; what a model does not read may be null.
   *
   * @param textEmbeds [N, P] float32, a pooled text embedding
   * @param timeIds [N, 6] or [N, 5]: original size, crop, target size or aesthetic score
   * @param imageEmbeds [N, Q] float32, the embedding of a picture
   * @param hint [N, 3, 8H, 8W] float32, a picture to follow
   */
  public record Added(
      @Nullable NDArray textEmbeds,
      @Nullable NDArray timeIds,
      @Nullable NDArray imageEmbeds,
      @Nullable NDArray hint) {

    /** Stable Diffusion XL's. */
    public Added(NDArray textEmbeds, NDArray timeIds) {
      this(textEmbeds, timeIds, null, null);
    }
  }

  /**
   * Where in the picture objects are, and what they are. Li et al. 2023.
   *
   * @param boxes [N, M, 4] float32: left, top, right and bottom, in [0, 1]
   * @param masks [N, M], 1 for an object and 0 for a place that holds none
   * @param meanings one, of a text; or two, of a text and of a picture
   */
  public record Grounding(NDArray boxes, NDArray masks, List<Meaning> meanings) {
    public Grounding {
      meanings = List.copyOf(meanings);
    }

    /**
     * @param embeddings [N, M, D] float32
     * @param masks [N, M], 1 where there is one
     */
    public record Meaning(NDArray embeddings, NDArray masks) {}
  }

  /**
   * Each is a map like the one it is added to, or [N, C, 1, 1].
   *
   * @param down added to the skip connections: one for {@code conv_in}, then each resnet (with its
   *     attention) and downsampler on the way down
   * @param mid added to the middle's output
   */
  public record Residuals(List<NDArray> down, NDArray mid) {
    public Residuals {
      down = List.copyOf(down);
    }

    /** The residuals of several ControlNets, added. */
    public Residuals plus(Residuals other) {
      List<NDArray> sums = new ArrayList<>();
      for (int i = 0; i < down.size(); i++) {
        sums.add(down.get(i).add(other.down.get(i)));
      }
      return new Residuals(sums, mid.add(other.mid));
    }
  }

  /** Of a model that reads no text. */
  public static Conditions none() {
    return new Conditions(null, null, null, null, null, null, null, null);
  }

  public static Conditions text(NDArray context) {
    return new Conditions(context, null, null, null, null, null, null, null);
  }

  public Conditions withContextMask(@Nullable NDArray mask) {
    return new Conditions(
        context, mask, classLabels, added, timeCondition, residuals, perturbation, grounding);
  }

  public Conditions withClassLabels(@Nullable NDArray labels) {
    return new Conditions(
        context, contextMask, labels, added, timeCondition, residuals, perturbation, grounding);
  }

  public Conditions withAdded(@Nullable Added added) {
    return new Conditions(
        context,
        contextMask,
        classLabels,
        added,
        timeCondition,
        residuals,
        perturbation,
        grounding);
  }

  public Conditions withTimeCondition(@Nullable NDArray condition) {
    return new Conditions(
        context, contextMask, classLabels, added, condition, residuals, perturbation, grounding);
  }

  public Conditions withResiduals(@Nullable Residuals residuals) {
    return new Conditions(
        context,
        contextMask,
        classLabels,
        added,
        timeCondition,
        residuals,
        perturbation,
        grounding);
  }

  public Conditions withPerturbation(@Nullable Perturbation perturbation) {
    return new Conditions(
        context,
        contextMask,
        classLabels,
        added,
        timeCondition,
        residuals,
        perturbation,
        grounding);
  }

  public Conditions withGrounding(@Nullable Grounding grounding) {
    return new Conditions(
        context,
        contextMask,
        classLabels,
        added,
        timeCondition,
        residuals,
        perturbation,
        grounding);
  }

  /**
   * The context of a model that has one.
   *
   * @throws DiffusionException if there is none
   */
  @Override
  public NDArray context() {
    if (context == null) {
      throw DiffusionException.badInput("encoder_hidden_states: this model needs them, got none");
    }
    return context;
  }

  /** The embedding of a picture, for a model that has one. */
  NDArray imageEmbeds(long channels) {
    return addedPart("image_embeds", added == null ? null : added.imageEmbeds, channels);
  }

  /** The pooled text, for a model that has one. */
  NDArray textEmbeds(long channels) {
    return addedPart("text_embeds", added == null ? null : added.textEmbeds, channels);
  }

  private static NDArray addedPart(String name, @Nullable NDArray part, long channels) {
    if (part == null || part.getShape().dimension() != 2 || part.getShape().get(1) != channels) {
      throw DiffusionException.badInput(
          "added_cond_kwargs.%s: expected [N,%d], got %s"
              .formatted(name, channels, part == null ? "none" : part.getShape()));
    }
    return part;
  }
}
