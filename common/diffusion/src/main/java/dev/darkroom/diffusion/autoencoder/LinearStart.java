package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.nn.Initialisation;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.SeededParameters;

/**
 * Parameters of an autoencoder that is trained from nothing: it starts as a linear map that loses
 * little, with every residual branch at zero (Goyal et al. 2017, section 5.1; Zhang et al. 2019).
 *
 * <p>With PyTorch's defaults each group norm first erases flat colours and each shortcut shrinks
 * what passes, and a narrow autoencoder spends its first thousands of steps on undoing that. The
 * posterior starts narrow too, so the first latents are not drowned in their own noise.
 */
public final class LinearStart implements ParameterSource {
  private static final Initialisation ZERO = new Initialisation.Constant(0);
  private static final Initialisation ORTHOGONAL = new Initialisation.Orthogonal();
  private static final Initialisation ROTATION = new Initialisation.CentralOrthogonal(0.02);
  private static final double LOG_VARIANCE = -6;

  private final SeededParameters draws;

  public LinearStart(NDManager manager, long seed) {
    this.draws = new SeededParameters(manager, seed);
  }

  @Override
  public NDManager manager() {
    return draws.manager();
  }

  @Override
  public boolean holds(String key) {
    return draws.holds(key);
  }

  @Override
  public NDArray take(String key, Shape shape, Initialisation usual) {
    return draws.take(key, shape, start(key, usual));
  }

  private static Initialisation start(String key, Initialisation usual) {
    if (key.contains(".conv2.") || key.contains(".to_out.0.")) {
      return ZERO; // the end of a residual branch
    }
    if (key.equals("quant_conv.bias")) {
      return new Initialisation.Halves(0, LOG_VARIANCE);
    }
    return switch (layer(key)) {
      case "conv_shortcut", "downsamplers", "quant_conv", "post_quant_conv" ->
          key.endsWith(".bias") ? ZERO : ORTHOGONAL;
      case "conv_in", "upsamplers" -> key.endsWith(".bias") ? ZERO : ROTATION;
      default -> usual;
    };
  }

  /** {@code encoder.down_blocks.0.downsamplers.0.conv.weight} is of the downsamplers. */
  private static String layer(String key) {
    String path = key.substring(0, key.lastIndexOf('.'));
    if (path.endsWith(".0.conv")) {
      path = path.substring(0, path.length() - ".0.conv".length());
    }
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
