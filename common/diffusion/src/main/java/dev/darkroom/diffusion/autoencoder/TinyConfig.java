package dev.darkroom.diffusion.autoencoder;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import java.util.List;

/**
 * The {@code config.json} of diffusers' AutoencoderTiny, its field names in camel case.
 *
 * @param encoderBlockOutChannels channels of each stage; all stages have the same
 * @param decoderBlockOutChannels the same on the way up
 * @param upsamplingScalingFactor of each stage of the decoder but the last
 * @param numEncoderBlocks residual blocks of each stage; every stage after the first halves the map
 * @param numDecoderBlocks the same on the way up
 * @param latentMagnitude half the width of the latent's range, for whoever stores it as bytes
 * @param latentShift where that range's middle lies
 * @param actFn after each convolution of a block but the last, which ends in a ReLU
 */
public record TinyConfig(
    int inChannels,
    int outChannels,
    List<Integer> encoderBlockOutChannels,
    List<Integer> decoderBlockOutChannels,
    int latentChannels,
    int upsamplingScalingFactor,
    List<Integer> numEncoderBlocks,
    List<Integer> numDecoderBlocks,
    double latentMagnitude,
    double latentShift,
    double scalingFactor,
    double shiftFactor,
    Activation actFn) {

  public TinyConfig {
    encoderBlockOutChannels = List.copyOf(encoderBlockOutChannels);
    decoderBlockOutChannels = List.copyOf(decoderBlockOutChannels);
    numEncoderBlocks = List.copyOf(numEncoderBlocks);
    numDecoderBlocks = List.copyOf(numDecoderBlocks);
    Levels.positive("in_channels", inChannels);
    Levels.positive("out_channels", outChannels);
    Levels.positive("latent_channels", latentChannels);
    Levels.positive("upsampling_scaling_factor", upsamplingScalingFactor);
    stages("encoder", encoderBlockOutChannels, numEncoderBlocks);
    stages("decoder", decoderBlockOutChannels, numDecoderBlocks);
  }

  /** A stage's convolution keeps the channels, in diffusers too: others cannot run there either. */
  private static void stages(String way, List<Integer> channels, List<Integer> blocks) {
    Levels.require(
        !channels.isEmpty() && channels.size() == blocks.size(),
        "%s_block_out_channels and num_%s_blocks: expected one of each a stage, got %s and %s"
            .formatted(way, way, channels, blocks));
    Levels.require(
        channels.stream().distinct().count() == 1,
        "%s_block_out_channels: expected the same channels in every stage, got %s"
            .formatted(way, channels));
    Levels.positive(way + "_block_out_channels", channels.getFirst());
    for (int count : blocks) {
      Levels.require(
          count >= 0 && count <= 64,
          "num_%s_blocks: expected 0 to 64 a stage, got %d".formatted(way, count));
    }
  }

  /** Pixels of the encoded image for each position of the latent, in each direction. */
  public int factor() {
    return 1 << (numEncoderBlocks.size() - 1);
  }

  /**
   * Reads diffusers' {@code config.json}; fields left out take the class's defaults.
   *
   * @throws DiffusionException if a field has a value this library does not support, by its name
   */
  public static TinyConfig of(ModelConfig config) {
    List<Integer> sixtyFour = List.of(64, 64, 64, 64);
    TinyConfig read =
        new TinyConfig(
            config.integer("in_channels", 3),
            config.integer("out_channels", 3),
            config.integers("encoder_block_out_channels", sixtyFour),
            config.integers("decoder_block_out_channels", sixtyFour),
            config.integer("latent_channels", 4),
            config.integer("upsampling_scaling_factor", 2),
            config.integers("num_encoder_blocks", List.of(1, 3, 3, 3)),
            config.integers("num_decoder_blocks", List.of(3, 3, 3, 1)),
            config.real("latent_magnitude", 3),
            config.real("latent_shift", 0.5),
            config.real("scaling_factor", 1),
            config.real("shift_factor", 0),
            config.activation("act_fn", Activation.RELU));
    config.only("upsample_fn", "nearest");
    // What diffusers writes for others to read: the decoder's channels once more, and false.
    config.ignore("block_out_channels", "force_upcast");
    config.requireAllRead();
    return read;
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = ConfigJson.ofClass("AutoencoderTiny");
    json.put("act_fn", actFn.configName()).put("upsample_fn", "nearest");
    json.put("in_channels", inChannels);
    json.put("out_channels", outChannels);
    ConfigJson.putIntegers(json, "encoder_block_out_channels", encoderBlockOutChannels);
    ConfigJson.putIntegers(json, "decoder_block_out_channels", decoderBlockOutChannels);
    ConfigJson.putIntegers(json, "block_out_channels", decoderBlockOutChannels);
    json.put("latent_channels", latentChannels);
    json.put("upsampling_scaling_factor", upsamplingScalingFactor);
    ConfigJson.putIntegers(json, "num_encoder_blocks", numEncoderBlocks);
    ConfigJson.putIntegers(json, "num_decoder_blocks", numDecoderBlocks);
    json.put("latent_magnitude", latentMagnitude);
    json.put("latent_shift", latentShift);
    json.put("force_upcast", false);
    json.put("scaling_factor", scalingFactor);
    json.put("shift_factor", shiftFactor);
    return json;
  }
}
