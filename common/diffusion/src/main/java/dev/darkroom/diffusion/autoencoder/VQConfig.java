package dev.darkroom.diffusion.autoencoder;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import java.util.List;

/**
 * The {@code config.json} of diffusers' VQModel, its field names in camel case.
 *
 * @param actFn of the resnets; SiLU ends encoder and decoder, whatever they have
 * @param numVqEmbeddings vectors in the codebook
 * @param vqEmbedDim channels of each: those of the quantised latent
 * @param lookupFromCodebook kept for others to read; it changes nothing here
 */
public record VQConfig(
    int inChannels,
    int outChannels,
    List<DownBlock> downBlockTypes,
    List<UpBlock> upBlockTypes,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    Activation actFn,
    int latentChannels,
    int sampleSize,
    int numVqEmbeddings,
    int normNumGroups,
    int vqEmbedDim,
    double scalingFactor,
    boolean midBlockAddAttention,
    boolean lookupFromCodebook,
    boolean forceUpcast) {

  public VQConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    Levels.positive("in_channels", inChannels);
    Levels.positive("out_channels", outChannels);
    Levels.positive("latent_channels", latentChannels);
    Levels.positive("num_vq_embeddings", numVqEmbeddings);
    Levels.positive("vq_embed_dim", vqEmbedDim);
    new Levels(
        blockOutChannels,
        downBlockTypes,
        upBlockTypes,
        layersPerBlock,
        normNumGroups,
        midBlockAddAttention,
        actFn);
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
  public static VQConfig of(ModelConfig config) {
    int latentChannels = config.integer("latent_channels", 3);
    Integer dimension = config.optionalInteger("vq_embed_dim");
    VQConfig read =
        new VQConfig(
            config.integer("in_channels", 3),
            config.integer("out_channels", 3),
            config.names(
                "down_block_types", DownBlock.class, List.of(DownBlock.DownEncoderBlock2D)),
            config.names("up_block_types", UpBlock.class, List.of(UpBlock.UpDecoderBlock2D)),
            config.integers("block_out_channels", List.of(64)),
            config.integer("layers_per_block", 1),
            config.activation("act_fn", Activation.SILU),
            latentChannels,
            config.firstInteger("sample_size", 32),
            config.integer("num_vq_embeddings", 256),
            config.integer("norm_num_groups", 32),
            dimension == null ? latentChannels : dimension,
            config.real("scaling_factor", 0.18215),
            config.flag("mid_block_add_attention", true),
            config.flag("lookup_from_codebook", false),
            config.flag("force_upcast", false));
    config.only("norm_type", "group");
    config.requireAllRead();
    return read;
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = ConfigJson.ofClass("VQModel");
    json.put("act_fn", actFn.configName()).put("norm_type", "group");
    json.put("in_channels", inChannels);
    json.put("out_channels", outChannels);
    ConfigJson.putNames(json, "down_block_types", downBlockTypes);
    ConfigJson.putNames(json, "up_block_types", upBlockTypes);
    ConfigJson.putIntegers(json, "block_out_channels", blockOutChannels);
    json.put("layers_per_block", layersPerBlock);
    json.put("latent_channels", latentChannels);
    json.put("sample_size", sampleSize);
    json.put("num_vq_embeddings", numVqEmbeddings);
    json.put("norm_num_groups", normNumGroups);
    json.put("vq_embed_dim", vqEmbedDim);
    json.put("scaling_factor", scalingFactor);
    json.put("mid_block_add_attention", midBlockAddAttention);
    json.put("lookup_from_codebook", lookupFromCodebook);
    json.put("force_upcast", forceUpcast);
    return json;
  }
}
