package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Linear;
import dev.darkroom.diffusion.nn.NormedLinear;
import dev.darkroom.diffusion.nn.Weights;

/** The context that transformers attend to, of what a forward is conditioned on. */
@FunctionalInterface
interface ContextProjection {

  /**
   * @return [N, T, D]
   */
  NDArray forward(Conditions conditions);

  /**
   * @param weights at {@code encoder_hid_proj}
   */
  static ContextProjection of(Weights weights, UNetConfig config) {
    EncoderProjection projection = config.encoderProjection();
    if (projection == null) {
      return Conditions::context;
    }
    int in = projection.channels();
    int out = config.crossAttentionDim().getFirst();
    int tokens = projection.type().imageTokens();
    return switch (projection.type()) {
      case TEXT -> {
        Linear text = new Linear(weights, in, out);
        yield conditions -> text.forward(conditions.context());
      }
      case TEXT_IMAGE -> {
        Linear text = new Linear(weights.at("text_proj"), in, out);
        Linear image = new Linear(weights.at("image_embeds"), out, (long) tokens * out);
        yield conditions -> {
          NDArray picture = conditions.imageEmbeds(out);
          NDArray ofPicture =
              image.forward(picture).reshape(picture.getShape().get(0), tokens, out);
          return ofPicture.concat(text.forward(conditions.context()), 1);
        };
      }
      case IMAGE -> {
        NormedLinear image = new NormedLinear(weights, "image_embeds", "norm", in, tokens, out);
        yield conditions -> image.forward(conditions.imageEmbeds(in));
      }
    };
  }
}
