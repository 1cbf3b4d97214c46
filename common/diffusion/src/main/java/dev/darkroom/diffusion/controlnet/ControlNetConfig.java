package dev.darkroom.diffusion.controlnet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.unet.ClassEmbedding;
import dev.darkroom.diffusion.unet.DownBlockType;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.util.List;

/**
 * The {@code config.json} of diffusers' ControlNetModel.
 *
 * @param unet of the U-Net whose encoder it copies
 * @param conditioningEmbeddingOutChannels channels of the hint's levels, from the largest map down
 * @param conditioningChannels of the hint
 * @param bgr whether it was trained on pictures with red and blue exchanged
 * @param globalPoolConditions whether the residuals are means over their maps
 */
public record ControlNetConfig(
    UNetConfig unet,
    List<Integer> conditioningEmbeddingOutChannels,
    int conditioningChannels,
    boolean bgr,
    boolean globalPoolConditions) {

  /** Fields that a U-Net has and a ControlNet has not. */
  private static final List<String> OF_UNETS =
      List.of(
          "sample_size",
          "out_channels",
          "center_input_sample",
          "up_block_types",
          "class_embeddings_concat",
          "time_embedding_type",
          "time_embedding_dim",
          "time_embedding_act_fn",
          "timestep_post_act",
          "time_cond_proj_dim",
          "conv_in_kernel",
          "conv_out_kernel",
          "reverse_transformer_layers_per_block",
          // diffusers builds the projection and never calls it.
          "encoder_hid_dim",
          "encoder_hid_dim_type");

  private static final List<DownBlockType> DOWN_BLOCKS =
      List.of(DownBlockType.DownBlock2D, DownBlockType.CrossAttnDownBlock2D);

  public ControlNetConfig {
    conditioningEmbeddingOutChannels = List.copyOf(conditioningEmbeddingOutChannels);
    int levels = conditioningEmbeddingOutChannels.size();
    require(
        levels >= 1 && levels <= 10,
        "conditioning_embedding_out_channels: expected 1 to 10 levels, got " + levels);
    for (int channels : conditioningEmbeddingOutChannels) {
      require(
          channels > 0 && channels <= 1 << 16,
          "conditioning_embedding_out_channels: expected positive numbers, got " + channels);
    }
    require(
        conditioningChannels > 0 && conditioningChannels <= 1 << 10,
        "conditioning_channels: expected a positive number, got " + conditioningChannels);
    require(
        unet.classEmbedding() != ClassEmbedding.SIMPLE_PROJECTION,
        "class_embed_type: expected none, timestep, identity or projection, got simple_projection");
    require(
        !unet.timeFourier() && unet.timeEmbeddingActFn() == null && unet.timestepPostAct() == null,
        "expected a U-Net of time_embedding_type positional without time_embedding_act_fn and timestep_post_act: a ControlNet has no other");
    require(
        DOWN_BLOCKS.containsAll(unet.downBlockTypes()),
        "down_block_types: expected some of %s, got %s"
            .formatted(DOWN_BLOCKS, unet.downBlockTypes()));
    require(unet.midBlockType() != null, "mid_block_type: expected a block, got null");
  }

  /** What a new ControlNet of a U-Net has: {@code ControlNetModel.from_unet} of diffusers. */
  public static ControlNetConfig of(UNetConfig unet) {
    return new ControlNetConfig(unet, List.of(16, 32, 96, 256), 3, false, false);
  }

  /**
   * Reads diffusers' config; fields left out take the class's defaults.
   *
   * @throws DiffusionException if a field has a value this library does not support, by its name
   */
  public static ControlNetConfig of(ModelConfig config) {
    OF_UNETS.forEach(config::absent);
    config.only("controlnet_conditioning_channel_order", "rgb", "bgr");
    ControlNetConfig read =
        new ControlNetConfig(
            UNetConfig.ofEncoder(config),
            config.integers("conditioning_embedding_out_channels", List.of(16, 32, 96, 256)),
            config.integer("conditioning_channels", 3),
            "bgr".equals(config.text("controlnet_conditioning_channel_order")),
            config.flag("global_pool_conditions", false));
    config.requireAllRead();
    return read;
  }

  /** Pixels of the hint to a side of a latent's pixel. */
  public int factor() {
    return 1 << (conditioningEmbeddingOutChannels.size() - 1);
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = unet.toJson().put("_class_name", "ControlNetModel");
    json.remove(OF_UNETS);
    ModelConfig.putIntegers(
        json, "conditioning_embedding_out_channels", conditioningEmbeddingOutChannels);
    json.put("conditioning_channels", conditioningChannels);
    json.put("controlnet_conditioning_channel_order", bgr ? "bgr" : "rgb");
    return json.put("global_pool_conditions", globalPoolConditions);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw DiffusionException.badCheckpoint("ControlNetModel config: " + message);
    }
  }
}
