package dev.darkroom.diffusion.text;

import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import org.jspecify.annotations.Nullable;

/** Reads the name of a non-linearity; transformers has several names for some. */
final class Activations {
  private Activations() {}

  static Activation read(ModelConfig config, String field, Activation otherwise) {
    String name = config.text(field);
    Activation found = name == null ? otherwise : named(name);
    if (found == null) {
      config.only(field, "quick_gelu", "gelu", "gelu_new", "gelu_pytorch_tanh", "silu", "relu");
      throw new IllegalStateException("unreachable: the name was refused");
    }
    return found;
  }

  static @Nullable Activation named(String name) {
    return switch (name) {
      case "quick_gelu" -> Activation.QUICK_GELU;
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_NEW;
      case "silu", "swish" -> Activation.SILU;
      case "relu" -> Activation.RELU;
      default -> null;
    };
  }
}
