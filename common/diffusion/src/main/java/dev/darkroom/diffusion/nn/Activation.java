package dev.darkroom.diffusion.nn;

import java.util.Locale;

/** The non-linearities of text encoders, by transformers' names. */
public enum Activation {
  /** {@code x * sigmoid(1.702 x)}, as OpenAI trained CLIP. */
  QUICK_GELU,
  /** With the error function. */
  GELU,
  /** With tanh. */
  GELU_NEW,
  SILU,
  RELU;

  /** What a {@code config.json} calls it. */
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
