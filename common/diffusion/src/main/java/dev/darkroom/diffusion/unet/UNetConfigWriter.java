package dev.darkroom.diffusion.unet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.nn.Activation;
import org.jspecify.annotations.Nullable;

/** Writes a {@link UNetConfig} as diffusers does. */
final class UNetConfigWriter {
  private UNetConfigWriter() {}

  static ObjectNode json(UNetConfig config) {
    ObjectNode json = ConfigJson.ofClass("UNet2DConditionModel");
    TransformerConfig transformers = config.transformers();
    if (config.sampleSize() > 0) {
      json.put("sample_size", config.sampleSize());
    } else {
      json.putNull("sample_size");
    }
    json.put("in_channels", config.inChannels());
    json.put("out_channels", config.outChannels());
    json.put("center_input_sample", config.centerInputSample());
    json.put("flip_sin_to_cos", config.flipSinToCos());
    if (config.freqShift() == Math.rint(config.freqShift())) {
      json.put("freq_shift", (int) config.freqShift());
    } else {
      json.put("freq_shift", config.freqShift());
    }
    ConfigJson.putNames(json, "down_block_types", config.downBlockTypes());
    json.put("mid_block_type", config.midBlockType() == null ? null : config.midBlockType().name());
    ConfigJson.putNames(json, "up_block_types", config.upBlockTypes());
    ConfigJson.putFlagPerLevel(json, "only_cross_attention", config.onlyCrossAttention());
    ConfigJson.putIntegers(json, "block_out_channels", config.blockOutChannels());
    ConfigJson.putPerLevel(json, "layers_per_block", config.layersPerBlock());
    json.put("downsample_padding", config.downsamplePadding());
    json.put("mid_block_scale_factor", config.midBlockScaleFactor());
    if (config.dropout() > 0) {
      json.put("dropout", config.dropout());
    }
    json.put("act_fn", config.actFn().configName());
    json.put("norm_num_groups", config.normNumGroups());
    json.put("norm_eps", config.normEps());
    ConfigJson.putPerLevel(json, "cross_attention_dim", config.crossAttentionDim());
    ConfigJson.putListPerLevel(json, "transformer_layers_per_block", transformers.layersPerBlock());
    if (transformers.reverseLayersPerBlock() != null) {
      ConfigJson.putListPerLevel(
          json, "reverse_transformer_layers_per_block", transformers.reverseLayersPerBlock());
    }
    if (transformers.attentionType().isGated()) {
      json.put("attention_type", transformers.attentionType().configName());
    }
    EncoderProjection projection = config.encoderProjection();
    if (projection != null) {
      json.put("encoder_hid_dim", projection.channels());
      json.put("encoder_hid_dim_type", projection.type().configName());
    }
    ConfigJson.putPerLevel(json, "attention_head_dim", config.attentionHeads());
    json.put("use_linear_projection", transformers.useLinearProjection());
    json.put("class_embed_type", config.classEmbedding().configName());
    json.put("num_class_embeds", config.numClassEmbeds());
    json.put("class_embeddings_concat", config.classEmbeddingsConcat());
    putAddition(json, config.addition());
    json.put("projection_class_embeddings_input_dim", config.projectionClassEmbeddingsInputDim());
    json.put("upcast_attention", transformers.upcastAttention());
    json.put("resnet_time_scale_shift", config.timeScaleShift() ? "scale_shift" : "default");
    json.put("resnet_skip_time_act", config.resnetSkipTimeAct());
    json.put("resnet_out_scale_factor", config.resnetOutScaleFactor());
    json.put(
        "cross_attention_norm",
        config.crossAttentionNorm() == null ? null : config.crossAttentionNorm().name());
    json.put("mid_block_only_cross_attention", config.midBlockOnlyCrossAttention());
    json.put("time_embedding_type", config.timeFourier() ? "fourier" : "positional");
    json.put("time_embedding_dim", config.timeEmbeddingDim());
    json.put("time_embedding_act_fn", name(config.timeEmbeddingActFn()));
    json.put("timestep_post_act", name(config.timestepPostAct()));
    json.put("time_cond_proj_dim", config.timeCondProjDim());
    json.put("conv_in_kernel", config.convInKernel());
    json.put("conv_out_kernel", config.convOutKernel());
    return json;
  }

  private static void putAddition(ObjectNode json, @Nullable AdditionEmbedding addition) {
    json.put("addition_embed_type", addition == null ? null : addition.configName());
    Integer numbers = null;
    if (addition instanceof AdditionEmbedding.Text(int heads)) {
      json.put("addition_embed_type_num_heads", heads);
    }
    if (addition instanceof AdditionEmbedding.TextTime(int timeEmbedDim)) {
      numbers = timeEmbedDim;
    }
    json.put("addition_time_embed_dim", numbers);
  }

  private static @Nullable String name(@Nullable Activation activation) {
    return activation == null ? null : activation.configName();
  }
}
