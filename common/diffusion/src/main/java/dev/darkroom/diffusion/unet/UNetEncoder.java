package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Activation;
import dev.darkroom.diffusion.nn.Convolution;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The half of a U-Net that reads: time, the first convolution, the way down, the middle. A
 * ControlNet is a copy of it.
 */
public final class UNetEncoder {
  private final TimeConditioning time;
  private final Convolution convIn;
  private final List<DownLevel> down = new ArrayList<>();
  private final @Nullable MidLevel mid;

  /**
   * @param labelActivation in the embedding of {@link ClassEmbedding#TIMESTEP}
   */
  public UNetEncoder(Weights weights, UNetConfig config, Activation labelActivation) {
    int first = config.blockOutChannels().getFirst();
    time = new TimeConditioning(weights, config, labelActivation);
    convIn =
        new Convolution(weights.at("conv_in"), config.inChannels(), first, config.convInKernel());
    for (int i = 0; i < config.blockOutChannels().size(); i++) {
      down.add(DownLevel.of(weights.at("down_blocks", i), i, config));
    }
    mid =
        config.midBlockType() == null
            ? null
            : MidLevel.of(weights.at("mid_block"), config.midBlockType(), config);
  }

  /**
   * Of a ControlNet. diffusers gives it some layers that it never calls; they are taken, for they
   * are in its files.
   *
   * @param config as the ControlNet's is
   * @param called the same without what is never called
   */
  public static UNetEncoder ofControlNet(Weights weights, UNetConfig config, UNetConfig called) {
    if (config.encoderProjection() != null) {
      ContextProjection.of(weights.at("encoder_hid_proj"), config);
    }
    if (config.addition() != null && called.addition() == null) {
      AdditionLayer.of(weights, config, config.addition());
    }
    // diffusers leaves these labels at SiLU, whatever act_fn is.
    return new UNetEncoder(weights, called, Activation.SILU);
  }

  /**
   * @param timestep [N]
   * @return [N, timeChannels], of all that conditions every resnet alike
   */
  public NDArray time(NDArray timestep, Conditions conditions) {
    return time.forward(timestep, conditions);
  }

  /**
   * @param sample [N, inChannels, H, W]
   * @return [N, C, H, W]
   */
  public NDArray convIn(NDArray sample) {
    return convIn.forward(sample);
  }

  /**
   * @param x of {@link #convIn}
   * @param skips receives every map that the way up will meet again, x first
   * @return what the middle takes
   */
  public NDArray down(NDArray x, Step step, List<NDArray> skips) {
    skips.add(x);
    for (DownLevel level : down) {
      x = level.forward(x, step, skips);
    }
    return x;
  }

  /**
   * @param x of {@link #down}
   * @return the same shape; x itself where the config has no middle
   */
  public NDArray mid(NDArray x, Step step) {
    return mid == null ? x : mid.forward(x, step);
  }

  /** The names of its self-attention layers, on the way down, then in the middle. */
  Stream<String> selfAttentions() {
    return Stream.concat(
        down.stream().flatMap(DownLevel::selfAttentions),
        mid == null ? Stream.of() : mid.selfAttentions());
  }
}
