package dev.darkroom.diffusion.unet;

import static dev.darkroom.diffusion.unet.ConfigRules.positive;
import static dev.darkroom.diffusion.unet.ConfigRules.require;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is added to time beside class labels, and so conditions every resnet: diffusers' {@code
 * addition_embed_type}.
 */
public sealed interface AdditionEmbedding {

  /**
   * The context, pooled by attention into one vector: DeepFloyd IF.
   *
   * @param heads {@code addition_embed_type_num_heads}
   */
  record Text(int heads) implements AdditionEmbedding {
    public Text {
      positive("addition_embed_type_num_heads", heads);
    }
  }

  /**
   * A pooled text and numbers such as sizes: Stable Diffusion XL.
   *
   * @param timeEmbedDim {@code addition_time_embed_dim}, features of each number
   */
  record TextTime(int timeEmbedDim) implements AdditionEmbedding {
    public TextTime {
      positive("addition_time_embed_dim", timeEmbedDim);
    }
  }

  /** A pooled text and the embedding of a picture: Kandinsky 2.1. */
  record TextImage() implements AdditionEmbedding {}

  /** The embedding of a picture: Kandinsky 2.2. */
  record Image() implements AdditionEmbedding {}

  /** The same; and another picture joins the sample as four more channels: its ControlNet. */
  record ImageHint() implements AdditionEmbedding {

    /** What the picture becomes, of those that the first convolution reads. */
    static final int CHANNELS = 4;

    /** Pixels of the picture to a side of a latent's pixel. */
    static final int FACTOR = 8;
  }

  /** Its name in diffusers. */
  default String configName() {
    return switch (this) {
      case Text text -> "text";
      case TextTime time -> "text_time";
      case TextImage both -> "text_image";
      case Image image -> "image";
      case ImageHint hint -> "image_hint";
    };
  }

  /** Whether it reads the embedding of a picture. */
  default boolean readsImage() {
    return switch (this) {
      case Text text -> false;
      case TextTime time -> false;
      case TextImage both -> true;
      case Image image -> true;
      case ImageHint hint -> true;
    };
  }

  /**
   * Whether it fits what else a config says.
   *
   * @param projection of what is attended to, or null
   * @param context channels of what is attended to
   * @param projected {@code projection_class_embeddings_input_dim}, or null
   */
  default void check(
      @Nullable EncoderProjection projection, List<Integer> context, @Nullable Integer projected) {
    switch (this) {
      case Text(int heads) -> {
        int channels = projection == null ? context.getFirst() : projection.channels();
        require(
            channels % heads == 0,
            "addition_embed_type_num_heads: expected a divisor of the context's %d channels, got %d"
                .formatted(channels, heads));
      }
      case TextTime time ->
          require(
              projected != null,
              "projection_class_embeddings_input_dim: expected a number with addition_embed_type text_time, got null");
      case TextImage both -> {}
      case Image image -> requireThere(projection);
      case ImageHint hint -> requireThere(projection);
    }
  }

  private void requireThere(@Nullable EncoderProjection projection) {
    require(
        projection != null,
        "encoder_hid_dim: expected a number with addition_embed_type %s, got null"
            .formatted(configName()));
  }
}
