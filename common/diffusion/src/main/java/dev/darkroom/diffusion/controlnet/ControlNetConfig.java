package dev.darkroom.diffusion.controlnet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.unet.AdditionEmbedding;
import dev.darkroom.diffusion.unet.ClassEmbedding;
import dev.darkroom.diffusion.unet.DownBlockType;
import dev.darkroom.diffusion.unet.EncoderProjection;
import dev.darkroom.diffusion.unet.MidBlockType;
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
          "reverse_transformer_layers_per_block");

  /** The same, of which the defaults may be said. */
  private static final List<String> OF_UNETS_AT_DEFAULTS =
      List.of(
          "dropout",
          "attention_type",
          "resnet_skip_time_act",
          "resnet_out_scale_factor",
          "cross_attention_norm",
          "mid_block_only_cross_attention");

  private static final List<DownBlockType> PLAIN_DOWN_BLOCKS =
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
        unet.downBlockTypes().stream().noneMatch(DownBlockType::isK),
        "down_block_types: expected none of k-diffusion, got " + unet.downBlockTypes());
    require(!unet.isGrounded(), "attention_type: expected default, got one that looks at objects");
    require(
        unet.encoderProjection() == null
            || unet.encoderProjection().type() != EncoderProjection.Type.IMAGE,
        "encoder_hid_dim_type: expected text_proj or text_image_proj, got image_proj");
    require(
        unet.addition() == null
            || !unet.addition().readsImage()
            || unet.addition() instanceof AdditionEmbedding.TextImage,
        "addition_embed_type: expected text, text_image or text_time, got one of a picture alone");
    require(
        unet.midBlockType() != MidBlockType.UNetMidBlock2DSimpleCrossAttn,
        "mid_block_type: expected UNetMidBlock2DCrossAttn or UNetMidBlock2D, got UNetMidBlock2DSimpleCrossAttn");
    require(
        PLAIN_DOWN_BLOCKS.containsAll(unet.downBlockTypes())
            || !unet.resnetSkipTimeAct()
                && unet.resnetOutScaleFactor() == 1
                && unet.crossAttentionNorm() == null,
        "expected a U-Net without resnet_skip_time_act, resnet_out_scale_factor and cross_attention_norm with down_block_types %s: a ControlNet has no other"
            .formatted(unet.downBlockTypes()));
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
    config.only("dropout", 0.0);
    config.only("dual_cross_attention", false);
    config.only("controlnet_conditioning_channel_order", "rgb", "bgr");
    ControlNetConfig read =
        new ControlNetConfig(
            UNetConfig.ofEncoder(config),
            config.integers("conditioning_embedding_out_channels", List.of(16, 32, 96, 256)),
            config.integer("conditioning_channels", 3),
            "bgr".equals(config.text("controlnet_conditioning_channel_order")),
            config.flag("global_pool_conditions", false));
    // Other attention than transformers' goes by attention_head_dim, which that number replaces.
    if (read.unet.downBlockTypes().contains(DownBlockType.AttnDownBlock2D)
        || read.unet.downBlockTypes().contains(DownBlockType.SimpleCrossAttnDownBlock2D)) {
      config.absent("num_attention_heads");
    }
    config.requireAllRead();
    return read;
  }

  /**
   * What of the U-Net's encoder takes part in a forward: the context comes as wide as it is
   * attended to, and a picture's embedding is never read, whatever layers there are for them.
   */
  public UNetConfig called() {
    boolean idle = unet.addition() instanceof AdditionEmbedding.TextImage;
    if (unet.encoderProjection() == null && !idle) {
      return unet;
    }
    ObjectNode json = unet.toJson();
    json.remove(List.of("encoder_hid_dim", "encoder_hid_dim_type"));
    if (idle) {
      json.remove("addition_embed_type");
    }
    return UNetConfig.of(ModelConfig.of("a ControlNet's U-Net", json));
  }

  /** Pixels of the hint to a side of a latent's pixel. */
  public int factor() {
    return 1 << (conditioningEmbeddingOutChannels.size() - 1);
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = unet.toJson().put("_class_name", "ControlNetModel");
    json.remove(OF_UNETS);
    json.remove(OF_UNETS_AT_DEFAULTS);
    ConfigJson.putIntegers(
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
