package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A residual block whose norms have no weights of their own: time scales and shifts after each
 * (diffusers' ResnetBlockCondNorm2D of {@code ada_group}).
 */
public final class ResnetBlockCondNorm {
  /** Channels of a group of a norm. */
  private static final int GROUP = 32;

  /**
   * What all blocks of a model share.
   *
   * @param timeChannels of the time embedding
   * @param activation after each norm
   */
  public record Options(int timeChannels, double eps, Activation activation) {}

  /**
   * The channels on the way through.
   *
   * @param in what comes in, a skip connection's among them
   * @param hidden after the first convolution
   * @param out what comes out
   * @param normed whose groups the second norm has
   */
  public record Channels(int in, int hidden, int out, int normed) {
    /** Nothing special in between. */
    public Channels(int in, int out) {
      this(in, out, out, out);
    }
  }

  private final Program program;
  private final Options options;
  private final long[] groups;
  private final IValue layers;

  public ResnetBlockCondNorm(Weights weights, Channels channels, Options options) {
    this.program = weights.program();
    this.options = options;
    this.groups =
        new long[] {
          groups(channels.in(), channels.in()), groups(channels.normed(), channels.hidden())
        };
    List<IValue> parts = new ArrayList<>();
    parts.add(modulation(weights.at("norm1"), options.timeChannels(), channels.in()));
    parts.add(weights.at("conv1").convolution3(channels.in(), channels.hidden()));
    parts.add(modulation(weights.at("norm2"), options.timeChannels(), channels.hidden()));
    parts.add(weights.at("conv2").convolution3(channels.hidden(), channels.out()));
    if (channels.in() != channels.out()) {
      Weights shortcut = weights.at("conv_shortcut");
      parts.add(shortcut.convolutionWithoutBias(channels.in(), channels.out(), 1, 1, 0));
    }
    this.layers = weights.list(parts.toArray(IValue[]::new));
  }

  /** The layer of an AdaGroupNorm at this place: from time to a scale and a shift. */
  static IValue modulation(Weights weights, long timeChannels, long channels) {
    return weights.exact().at("linear").linear(timeChannels, 2 * channels);
  }

  private static int groups(int ofChannels, int channels) {
    int groups = ofChannels / GROUP;
    if (groups == 0 || channels % groups != 0) {
      throw DiffusionException.badCheckpoint(
          "resnet: expected channels in groups of %d, as these blocks have them, got %d"
              .formatted(GROUP, channels));
    }
    return groups;
  }

  /**
   * @param x [N, a, H, W]
   * @param skip [N, in - a, H, W], joined behind the channels of x, or null
   * @param time [N, timeChannels]
   * @return [N, out, H, W]
   */
  public NDArray forward(NDArray x, @Nullable NDArray skip, NDArray time) {
    return program
        .call("resnet_cond_norm")
        .tensor(x)
        .optional(skip)
        .tensor(time)
        .value(layers)
        .integers(groups)
        .real(options.eps())
        .text(options.activation().configName())
        .run();
  }
}
