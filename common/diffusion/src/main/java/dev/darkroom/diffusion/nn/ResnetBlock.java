package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The residual block of all these models (diffusers' ResnetBlock2D): norm, activation, conv, time
 * embedding, norm, activation, conv, and a 1x1 shortcut where the channels change.
 */
public final class ResnetBlock {

  /**
   * What differs between models.
   *
   * @param timeChannels of the time embedding; 0 means there is none
   * @param scaleShift whether time scales and shifts after the second norm; else it is added before
   * @param outputScale what the sum of residual and input is divided by
   * @param activation after each norm, and of the time embedding
   * @param timeAsItIs whether the time embedding goes without: diffusers' {@code skip_time_act}
   */
  public record Options(
      int timeChannels,
      int groups,
      double eps,
      boolean scaleShift,
      double outputScale,
      Activation activation,
      boolean timeAsItIs) {

    /** With an activation of the time embedding. */
    public Options(
        int timeChannels,
        int groups,
        double eps,
        boolean scaleShift,
        double outputScale,
        Activation activation) {
      this(timeChannels, groups, eps, scaleShift, outputScale, activation, false);
    }

    /** The same without one. */
    public Options ofTimeAsItIs() {
      return new Options(timeChannels, groups, eps, scaleShift, outputScale, activation, true);
    }

    /** The autoencoder's: no time. */
    public static Options timeless(int groups, double eps, Activation activation) {
      return new Options(0, groups, eps, false, 1, activation);
    }
  }

  private final Program program;
  private final IValue resnet;

  public ResnetBlock(Weights weights, long in, long out, Options options) {
    this.program = weights.program();
    boolean hasShortcut = in != out;
    IValue norm1 = weights.at("norm1").groupNorm(options.groups(), in, options.eps());
    List<IValue> parts = new ArrayList<>();
    parts.add(weights.at("conv1").convolution3(in, out));
    if (options.timeChannels() > 0) {
      long projected = options.scaleShift() ? 2 * out : out;
      parts.add(weights.exact().at("time_emb_proj").linear(options.timeChannels(), projected));
    }
    IValue norm2 = weights.at("norm2").groupNorm(options.groups(), out, options.eps());
    parts.add(1, weights.at("conv2").convolution3(out, out));
    if (hasShortcut) {
      parts.add(weights.at("conv_shortcut").convolution1(in, out));
    }
    this.resnet =
        weights.held(
            program
                .call("resnet")
                .value(weights.list(norm1, norm2))
                .value(weights.list(parts.toArray(IValue[]::new)))
                .flag(hasShortcut)
                .flag(options.scaleShift())
                .real(options.outputScale())
                .text(options.activation().configName())
                .flag(options.timeAsItIs())
                .runForValue());
  }

  /** As the kernels take it. */
  IValue value() {
    return resnet;
  }

  /**
   * @param x [N, in, H, W]
   * @param time [N, timeChannels], or null for a block without time
   * @return [N, out, H, W]
   */
  public NDArray forward(NDArray x, @Nullable NDArray time) {
    return forward(x, null, time);
  }

  /**
   * @param x [N, a, H, W]
   * @param skip [N, in - a, H, W], joined behind the channels of x
   */
  public NDArray forward(NDArray x, @Nullable NDArray skip, @Nullable NDArray time) {
    return program.call("run_resnet").tensor(x).optional(skip).optional(time).value(resnet).run();
  }

  /**
   * Halves the map on the way, by means of 2x2; for a block without shortcut.
   *
   * @return [N, out, floor(H/2), floor(W/2)]
   */
  public NDArray halve(NDArray x, NDArray time) {
    Shape shape = x.getShape();
    return resize(x, time, shape.get(2) / 2, shape.get(3) / 2);
  }

  /**
   * Grows the map on the way, by its nearest neighbours; for a block without shortcut.
   *
   * @return [N, out, height, width]
   */
  public NDArray grow(NDArray x, NDArray time, long height, long width) {
    return resize(x, time, height, width);
  }

  private NDArray resize(NDArray x, NDArray time, long height, long width) {
    return program
        .call("run_resizing_resnet")
        .tensor(x)
        .tensor(time)
        .value(resnet)
        .integer(height)
        .integer(width)
        .run();
  }
}
