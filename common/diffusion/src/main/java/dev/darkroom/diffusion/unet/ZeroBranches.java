package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.nn.Initialisation;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.SeededParameters;

/**
 * Parameters of a U-Net that is trained from nothing: the last layer of every residual branch, and
 * of the whole, starts at zero, as in Dhariwal &amp; Nichol 2021 and in the code that trained
 * Stable Diffusion. (diffusers' classes, made for loading, start them at random.)
 */
public final class ZeroBranches implements ParameterSource {
  private static final Initialisation ZERO = new Initialisation.Constant(0);

  private final SeededParameters draws;

  public ZeroBranches(NDManager manager, long seed) {
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
    return draws.take(key, shape, endsABranch(key) ? ZERO : usual);
  }

  private static boolean endsABranch(String key) {
    return key.contains(".conv2.") || key.contains(".proj_out.") || key.startsWith("conv_out.");
  }
}
