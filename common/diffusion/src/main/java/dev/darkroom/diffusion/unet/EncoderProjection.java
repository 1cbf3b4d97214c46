package dev.darkroom.diffusion.unet;

/**
 * What becomes of the text, or of a picture's embedding, before anything attends to it.
 *
 * @param type diffusers' {@code encoder_hid_dim_type}
 * @param channels {@code encoder_hid_dim}, of what comes in
 */
public record EncoderProjection(Type type, int channels) {

  public EncoderProjection {
    ConfigRules.positive("encoder_hid_dim", channels);
  }

  /** What is projected to {@code cross_attention_dim}, and its name in diffusers. */
  public enum Type {
    /** The text, token by token. */
    TEXT("text_proj"),
    /** The same, and before it ten tokens that a picture's embedding becomes: Kandinsky 2.1. */
    TEXT_IMAGE("text_image_proj"),
    /** A picture's embedding alone, which becomes 32 tokens: Kandinsky 2.2. */
    IMAGE("image_proj");

    private final String configName;

    Type(String configName) {
      this.configName = configName;
    }

    String configName() {
      return configName;
    }

    /** Tokens that are made of a picture's embedding. */
    int imageTokens() {
      return switch (this) {
        case TEXT -> 0;
        case TEXT_IMAGE -> 10;
        case IMAGE -> 32;
      };
    }

    boolean readsText() {
      return this != IMAGE;
    }
  }
}
