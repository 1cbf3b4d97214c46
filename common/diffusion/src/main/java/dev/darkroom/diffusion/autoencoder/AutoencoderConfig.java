package dev.darkroom.diffusion.autoencoder;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@code config.json} of diffusers' AutoencoderKL, its field names in camel case.
 *
 * @param blockOutChannels channels of each level; the image shrinks by 2 between levels, so f =
 *     2^(levels - 1)
 * @param downBlockTypes whether each level of the encoder attends
 * @param upBlockTypes whether each level of the decoder attends, from the smallest map up
 * @param layersPerBlock resnets of an encoder level; a decoder level has one more
 * @param actFn of the resnets; SiLU ends encoder and decoder, whatever they have
 * @param scalingFactor see {@link LatentScaling}, as of the next three
 * @param latentsMean of each channel; empty where they are not told apart
 * @param latentsStd as many
 */
public record AutoencoderConfig(
    int inChannels,
    int outChannels,
    List<DownBlock> downBlockTypes,
    List<UpBlock> upBlockTypes,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    Activation actFn,
    int latentChannels,
    int normNumGroups,
    int sampleSize,
    double scalingFactor,
    @Nullable Double shiftFactor,
    List<Double> latentsMean,
    List<Double> latentsStd,
    boolean forceUpcast,
    boolean useQuantConv,
    boolean usePostQuantConv,
    boolean midBlockAddAttention) {

  public AutoencoderConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    Levels.positive("in_channels", inChannels);
    Levels.positive("out_channels", outChannels);
    Levels.positive("latent_channels", latentChannels);
    new Levels(
        blockOutChannels,
        downBlockTypes,
        upBlockTypes,
        layersPerBlock,
        normNumGroups,
        midBlockAddAttention,
        actFn);
    Levels.require(
        Double.isFinite(scalingFactor) && scalingFactor != 0,
        "scaling_factor: expected a finite number other than 0, got " + scalingFactor);
    latentsMean = List.copyOf(latentsMean);
    latentsStd = List.copyOf(latentsStd);
    boolean each = latentsMean.size() == latentChannels && latentsStd.size() == latentChannels;
    Levels.require(
        each && !latentsStd.contains(0.0) || latentsMean.isEmpty() && latentsStd.isEmpty(),
        "latents_mean, latents_std: expected %d of each, the latter not 0, got %s and %s"
            .formatted(latentChannels, latentsMean, latentsStd));
    Levels.require(
        latentsMean.isEmpty() || shiftFactor == null,
        "shift_factor: expected null beside latents_mean, got " + shiftFactor);
  }

  /** Pixels of the image for each position of the latent, in each direction. */
  public int factor() {
    return levels().factor();
  }

  Levels levels() {
    return new Levels(
        blockOutChannels,
        downBlockTypes,
        upBlockTypes,
        layersPerBlock,
        normNumGroups,
        midBlockAddAttention,
        actFn);
  }

  /**
   * Reads diffusers' {@code config.json}; fields left out take the class's defaults.
   *
   * @throws DiffusionException if a field has a value this library does not support, by its name
   */
  public static AutoencoderConfig of(ModelConfig config) {
    List<Integer> channels = config.integers("block_out_channels", List.of(64));
    AutoencoderConfig read =
        new AutoencoderConfig(
            config.integer("in_channels", 3),
            config.integer("out_channels", 3),
            config.names(
                "down_block_types", DownBlock.class, List.of(DownBlock.DownEncoderBlock2D)),
            config.names("up_block_types", UpBlock.class, List.of(UpBlock.UpDecoderBlock2D)),
            channels,
            config.integer("layers_per_block", 1),
            config.activation("act_fn", Activation.SILU),
            config.integer("latent_channels", 4),
            config.integer("norm_num_groups", 32),
            config.firstInteger("sample_size", 32),
            config.real("scaling_factor", 0.18215),
            config.optionalReal("shift_factor"),
            config.reals("latents_mean"),
            config.reals("latents_std"),
            config.flag("force_upcast", true),
            config.flag("use_quant_conv", true),
            config.flag("use_post_quant_conv", true),
            config.flag("mid_block_add_attention", true));
    config.requireAllRead();
    return read;
  }

  /** Between its latents and those that the diffusion model sees. */
  public LatentScaling latentScaling() {
    LatentScaling all = LatentScaling.of(scalingFactor, shiftFactor);
    return new LatentScaling(all.factor(), all.shift(), floats(latentsMean), floats(latentsStd));
  }

  private static List<Float> floats(List<Double> reals) {
    return reals.stream().map(Double::floatValue).toList();
  }

  private static void putReals(ObjectNode json, String field, List<Double> reals) {
    if (reals.isEmpty()) {
      json.putNull(field);
    } else {
      ArrayNode list = json.putArray(field);
      reals.forEach(list::add);
    }
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = ConfigJson.ofClass("AutoencoderKL");
    json.put("act_fn", actFn.configName());
    json.put("in_channels", inChannels);
    json.put("out_channels", outChannels);
    ConfigJson.putNames(json, "down_block_types", downBlockTypes);
    ConfigJson.putNames(json, "up_block_types", upBlockTypes);
    ConfigJson.putIntegers(json, "block_out_channels", blockOutChannels);
    json.put("layers_per_block", layersPerBlock);
    json.put("latent_channels", latentChannels);
    json.put("norm_num_groups", normNumGroups);
    json.put("sample_size", sampleSize);
    json.put("scaling_factor", scalingFactor);
    json.put("shift_factor", shiftFactor);
    putReals(json, "latents_mean", latentsMean);
    putReals(json, "latents_std", latentsStd);
    json.put("force_upcast", forceUpcast);
    json.put("use_quant_conv", useQuantConv);
    json.put("use_post_quant_conv", usePostQuantConv);
    json.put("mid_block_add_attention", midBlockAddAttention);
    return json;
  }
}
