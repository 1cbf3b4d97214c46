package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.kernels.Program;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** The non-linearities of these models, by diffusers' and transformers' names. */
public enum Activation {
  /** {@code x * sigmoid(1.702 x)}, as OpenAI trained CLIP. */
  QUICK_GELU,
  /** With the error function. */
  GELU,
  /** With tanh. */
  GELU_NEW,
  SILU,
  /** {@code x * tanh(softplus(x))}. */
  MISH,
  RELU;

  /** What a {@code config.json} calls it. */
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** As a layer by itself: what it returns has the shape of what it takes. */
  public UnaryOperator<NDArray> layer(Weights weights) {
    Program program = weights.program();
    return x -> program.call("activation").tensor(x).text(configName()).run();
  }
}
