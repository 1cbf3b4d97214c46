package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.Linear;
import dev.darkroom.diffusion.nn.NormedLinear;
import dev.darkroom.diffusion.nn.Sinusoid;
import dev.darkroom.diffusion.nn.TextTimeEmbedding;
import dev.darkroom.diffusion.nn.TimestepEmbedding;
import dev.darkroom.diffusion.nn.Weights;
import org.jspecify.annotations.Nullable;

/** What an {@link AdditionEmbedding} adds to time. */
@FunctionalInterface
interface AdditionLayer {

  /**
   * @return [N, timeChannels]
   */
  NDArray forward(Conditions conditions);

  /**
   * @param weights of the model; its layers are at {@code add_embedding}
   */
  static AdditionLayer of(Weights weights, UNetConfig config, AdditionEmbedding addition) {
    Weights place = weights.at("add_embedding");
    int out = config.timeChannels();
    return switch (addition) {
      case AdditionEmbedding.Text(int heads) -> {
        TextTimeEmbedding pool = new TextTimeEmbedding(place, config.contextChannels(), out, heads);
        yield conditions -> pool.forward(conditions.context());
      }
      case AdditionEmbedding.TextTime(int each) -> {
        Sinusoid sizes = new Sinusoid(weights, each, config.flipSinToCos(), config.freqShift());
        long in = config.projectedChannels();
        TimestepEmbedding mlp = new TimestepEmbedding(place, in, out);
        yield conditions -> mlp.forward(textAndNumbers(sizes, conditions.added(), in), null);
      }
      case AdditionEmbedding.TextImage both -> {
        int in = config.crossAttentionDim().getFirst();
        NormedLinear text = new NormedLinear(place, "text_proj", "text_norm", in, 1, out);
        Linear image = new Linear(place.at("image_proj"), in, out);
        yield conditions ->
            image
                .forward(conditions.imageEmbeds(in))
                .add(text.forward(conditions.textEmbeds(in)).squeeze(1));
      }
      case AdditionEmbedding.Image image -> ofImage(place, config, out);
      case AdditionEmbedding.ImageHint hint -> ofImage(place, config, out);
    };
  }

  private static AdditionLayer ofImage(Weights place, UNetConfig config, int out) {
    int in = config.contextChannels();
    NormedLinear image = new NormedLinear(place, "image_proj", "image_norm", in, 1, out);
    return conditions -> image.forward(conditions.imageEmbeds(in)).squeeze(1);
  }

  /** What Stable Diffusion XL is told, [N, channels]. */
  private static NDArray textAndNumbers(
      Sinusoid sizes, Conditions.@Nullable Added added, long channels) {
    NDArray text = added == null ? null : added.textEmbeds();
    NDArray ids = added == null ? null : added.timeIds();
    if (text == null || ids == null) {
      throw DiffusionException.badInput(
          "added conditions: this model needs text_embeds and time_ids, got %s"
              .formatted(text == null && ids == null ? "none" : "one of them"));
    }
    long rows = text.getShape().get(0);
    NDArray numbers = sizes.forward(ids.flatten()).reshape(rows, -1);
    NDArray all = text.concat(numbers, -1);
    if (all.getShape().get(1) != channels) {
      throw DiffusionException.badInput(
          "added conditions: expected %d features in all, got %s of text_embeds and %s of time_ids"
              .formatted(channels, text.getShape(), ids.getShape()));
    }
    return all;
  }
}
