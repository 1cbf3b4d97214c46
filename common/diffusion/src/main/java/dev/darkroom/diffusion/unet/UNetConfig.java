package dev.darkroom.diffusion.unet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The {@code config.json} of diffusers' UNet2DConditionModel, its field names in camel case; fields
 * that are always at their default here are left out. Lists have one element a level, from the
 * largest map down.
 *
 * @param sampleSize height and width of the latent it was trained on, 0 if unsaid
 * @param downBlockTypes which levels attend to the context
 * @param upBlockTypes the same on the way up, from the smallest map
 * @param midBlockType the middle, or null for none
 * @param actFn of the resnets, of time and of the output
 * @param attentionHeads what diffusers calls {@code attention_head_dim}, and uses as the number of
 *     heads
 * @param transformerLayersPerBlock transformer blocks after each resnet of a level
 * @param reverseTransformerLayersPerBlock the same on the way up, where it is not the mirror image
 * @param encoderHidDim channels of a context that a linear layer first brings to {@code
 *     crossAttentionDim}, or null
 * @param numClassEmbeds rows of the table of {@link ClassEmbedding#TABLE}
 * @param additionTimeEmbedDim of each of SDXL's size numbers; null where the model takes no added
 *     conditions
 * @param additionTextHeads heads of the attention that pools the context into one vector beside
 *     time ({@code addition_embed_type} "text"), or null where nothing does
 * @param projectionClassEmbeddingsInputDim what enters the added or projected class embedding
 * @param timeCondProjDim channels of a second input beside time, such as the guidance scale of a
 *     distilled model, or null
 * @param timeFourier whether random frequencies make features of a time ({@code
 *     time_embedding_type} "fourier"), else sinusoids
 * @param timeEmbeddingActFn of all that conditions every resnet, before the resnets' own; or null
 * @param timestepPostAct of time alone, before all else joins it, or null
 */
public record UNetConfig(
    int sampleSize,
    int inChannels,
    int outChannels,
    boolean centerInputSample,
    boolean flipSinToCos,
    double freqShift,
    List<DownBlockType> downBlockTypes,
    @Nullable MidBlockType midBlockType,
    List<UpBlockType> upBlockTypes,
    List<Boolean> onlyCrossAttention,
    List<Integer> blockOutChannels,
    List<Integer> layersPerBlock,
    int downsamplePadding,
    double midBlockScaleFactor,
    Activation actFn,
    int normNumGroups,
    double normEps,
    List<Integer> crossAttentionDim,
    List<Integer> transformerLayersPerBlock,
    @Nullable List<Integer> reverseTransformerLayersPerBlock,
    @Nullable Integer encoderHidDim,
    List<Integer> attentionHeads,
    boolean useLinearProjection,
    ClassEmbedding classEmbedding,
    @Nullable Integer numClassEmbeds,
    boolean classEmbeddingsConcat,
    @Nullable Integer additionTimeEmbedDim,
    @Nullable Integer additionTextHeads,
    @Nullable Integer projectionClassEmbeddingsInputDim,
    boolean upcastAttention,
    boolean timeScaleShift,
    boolean timeFourier,
    @Nullable Integer timeEmbeddingDim,
    @Nullable Activation timeEmbeddingActFn,
    @Nullable Activation timestepPostAct,
    @Nullable Integer timeCondProjDim,
    int convInKernel,
    int convOutKernel) {

  public UNetConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    int levels = blockOutChannels.size();
    require(
        levels > 0 && levels <= 10, "block_out_channels: expected 1 to 10 levels, got " + levels);
    sized("down_block_types", downBlockTypes, levels);
    sized("up_block_types", upBlockTypes, levels);
    onlyCrossAttention = sized("only_cross_attention", onlyCrossAttention, levels);
    layersPerBlock = positive("layers_per_block", layersPerBlock, levels);
    crossAttentionDim = positive("cross_attention_dim", crossAttentionDim, levels);
    transformerLayersPerBlock =
        positive("transformer_layers_per_block", transformerLayersPerBlock, levels);
    attentionHeads = positive("attention_head_dim", attentionHeads, levels);
    if (reverseTransformerLayersPerBlock != null) {
      reverseTransformerLayersPerBlock =
          positive(
              "reverse_transformer_layers_per_block", reverseTransformerLayersPerBlock, levels);
    }
    positive("in_channels", inChannels);
    positive("out_channels", outChannels);
    positive("norm_num_groups", normNumGroups);
    require(
        downsamplePadding == 0 || downsamplePadding == 1,
        "downsample_padding: expected 0 or 1, got " + downsamplePadding);
    require(
        convInKernel % 2 == 1 && convInKernel > 0,
        "conv_in_kernel: expected an odd number, got " + convInKernel);
    require(
        convOutKernel % 2 == 1 && convOutKernel > 0,
        "conv_out_kernel: expected an odd number, got " + convOutKernel);
    for (int channels : blockOutChannels) {
      positive("block_out_channels", channels);
      require(
          channels % normNumGroups == 0,
          "block_out_channels: expected multiples of norm_num_groups %d, got %d"
              .formatted(normNumGroups, channels));
    }
    require(
        !timeFourier || timeEmbeddingDim == null || timeEmbeddingDim % 2 == 0,
        "time_embedding_dim: expected an even number with time_embedding_type fourier, got "
            + timeEmbeddingDim);
    switch (classEmbedding) {
      case TABLE ->
          require(
              numClassEmbeds != null && numClassEmbeds > 0,
              "num_class_embeds: expected a positive number");
      case PROJECTION, SIMPLE_PROJECTION ->
          require(
              projectionClassEmbeddingsInputDim != null,
              "projection_class_embeddings_input_dim: expected a number, got null");
      case NONE, TIMESTEP, IDENTITY -> {}
    }
    require(
        additionTimeEmbedDim == null || projectionClassEmbeddingsInputDim != null,
        "projection_class_embeddings_input_dim: expected a number with addition_embed_type text_time, got null");
    if (additionTextHeads != null) {
      positive("addition_embed_type_num_heads", additionTextHeads);
      int context = contextChannels(encoderHidDim, crossAttentionDim);
      require(
          context % additionTextHeads == 0,
          "addition_embed_type_num_heads: expected a divisor of the context's %d channels, got %d"
              .formatted(context, additionTextHeads));
    }
  }

  /** The same for an input of other channels. */
  public UNetConfig ofInput(int channels) {
    return new UNetConfig(
        sampleSize,
        channels,
        outChannels,
        centerInputSample,
        flipSinToCos,
        freqShift,
        downBlockTypes,
        midBlockType,
        upBlockTypes,
        onlyCrossAttention,
        blockOutChannels,
        layersPerBlock,
        downsamplePadding,
        midBlockScaleFactor,
        actFn,
        normNumGroups,
        normEps,
        crossAttentionDim,
        transformerLayersPerBlock,
        reverseTransformerLayersPerBlock,
        encoderHidDim,
        attentionHeads,
        useLinearProjection,
        classEmbedding,
        numClassEmbeds,
        classEmbeddingsConcat,
        additionTimeEmbedDim,
        additionTextHeads,
        projectionClassEmbeddingsInputDim,
        upcastAttention,
        timeScaleShift,
        timeFourier,
        timeEmbeddingDim,
        timeEmbeddingActFn,
        timestepPostAct,
        timeCondProjDim,
        convInKernel,
        convOutKernel);
  }

  /** Channels of the time embedding. */
  public int timeChannels() {
    return timeEmbeddingDim == null
        ? (timeFourier ? 2 : 4) * blockOutChannels.getFirst()
        : timeEmbeddingDim;
  }

  /** Channels of the context that {@code forward} takes. */
  public int contextChannels() {
    return contextChannels(encoderHidDim, crossAttentionDim);
  }

  private static int contextChannels(
      @Nullable Integer encoderHidDim, List<Integer> crossAttentionDim) {
    return encoderHidDim == null ? crossAttentionDim.getFirst() : encoderHidDim;
  }

  /** Whether the model has any layer that attends to the context. */
  public boolean attendsToContext() {
    return midBlockType == MidBlockType.UNetMidBlock2DCrossAttn
        || downBlockTypes.stream().anyMatch(DownBlockType::attends)
        || upBlockTypes.stream().anyMatch(UpBlockType::attends);
  }

  /** Whether the model takes pooled text embeddings and size numbers, as SDXL does. */
  public boolean takesAddedConditions() {
    return additionTimeEmbedDim != null;
  }

  /**
   * Reads diffusers' {@code config.json}; fields left out take the class's defaults.
   *
   * @throws DiffusionException if a field has a value this library does not support, by its name
   */
  public static UNetConfig of(ModelConfig config) {
    UpBlockType attention = UpBlockType.CrossAttnUpBlock2D;
    UNetConfig read =
        read(
            config,
            config.names(
                "up_block_types",
                UpBlockType.class,
                List.of(UpBlockType.UpBlock2D, attention, attention, attention)));
    // diffusers refuses it here, where attention_head_dim already is the number of heads.
    config.absent("num_attention_heads");
    config.requireAllRead();
    return read;
  }

  /**
   * Reads the same fields of a class that has a U-Net's {@link UNetEncoder} and no way up, which is
   * taken to mirror the way down. The caller reads the fields that are the class's own, and then
   * requires that all were read.
   */
  public static UNetConfig ofEncoder(ModelConfig config) {
    List<UpBlockType> up = new ArrayList<>();
    for (DownBlockType type : downBlockTypes(config)) {
      up.addFirst(type.attends() ? UpBlockType.CrossAttnUpBlock2D : UpBlockType.UpBlock2D);
    }
    return read(config, up);
  }

  private static List<DownBlockType> downBlockTypes(ModelConfig config) {
    DownBlockType attention = DownBlockType.CrossAttnDownBlock2D;
    return config.names(
        "down_block_types",
        DownBlockType.class,
        List.of(attention, attention, attention, DownBlockType.DownBlock2D));
  }

  private static UNetConfig read(ModelConfig config, List<UpBlockType> upBlockTypes) {
    List<Integer> channels = config.integers("block_out_channels", List.of(320, 640, 1280, 1280));
    int levels = channels.size();
    Integer encoderHidDim = config.optionalInteger("encoder_hid_dim");
    config.only("encoder_hid_dim_type", "text_proj");
    config.only("addition_embed_type", "text_time", "text");
    String added = config.text("addition_embed_type");
    int additionHeads = config.integer("addition_embed_type_num_heads", 64);
    int additionTime = config.integer("addition_time_embed_dim", 256);
    Integer table = config.optionalInteger("num_class_embeds");
    config.only("resnet_time_scale_shift", "default", "scale_shift");
    config.only("time_embedding_type", "positional", "fourier");
    UNetConfig read =
        new UNetConfig(
            config.firstInteger("sample_size", 0),
            config.integer("in_channels", 4),
            config.integer("out_channels", 4),
            config.flag("center_input_sample", false),
            config.flag("flip_sin_to_cos", true),
            config.real("freq_shift", 0),
            downBlockTypes(config),
            config.isNull("mid_block_type")
                ? null
                : Objects.requireNonNullElse(
                    config.name("mid_block_type", MidBlockType.class),
                    MidBlockType.UNetMidBlock2DCrossAttn),
            upBlockTypes,
            config.flagPerLevel("only_cross_attention", levels, false),
            channels,
            config.integerPerLevel("layers_per_block", levels, 2),
            config.integer("downsample_padding", 1),
            config.real("mid_block_scale_factor", 1),
            config.activation("act_fn", Activation.SILU),
            config.integer("norm_num_groups", 32),
            config.real("norm_eps", 1e-5),
            config.integerPerLevel("cross_attention_dim", levels, 1280),
            config.integerPerLevel("transformer_layers_per_block", levels, 1),
            config.isNullOrAbsent("reverse_transformer_layers_per_block")
                ? null
                : config.integerPerLevel("reverse_transformer_layers_per_block", levels, 1),
            encoderHidDim,
            heads(config, levels),
            config.flag("use_linear_projection", false),
            classEmbedding(config, table),
            table,
            config.flag("class_embeddings_concat", false),
            "text_time".equals(added) ? (Integer) additionTime : null,
            "text".equals(added) ? (Integer) additionHeads : null,
            config.optionalInteger("projection_class_embeddings_input_dim"),
            config.flag("upcast_attention", false),
            "scale_shift".equals(config.text("resnet_time_scale_shift")),
            "fourier".equals(config.text("time_embedding_type")),
            config.optionalInteger("time_embedding_dim"),
            config.activation("time_embedding_act_fn"),
            config.activation("timestep_post_act"),
            config.optionalInteger("time_cond_proj_dim"),
            config.integer("conv_in_kernel", 3),
            config.integer("conv_out_kernel", 3));
    refuseOthers(config);
    return read;
  }

  private static List<Integer> heads(ModelConfig config, int levels) {
    List<Integer> heads = config.integerPerLevel("attention_head_dim", levels, 8);
    return config.isNullOrAbsent("num_attention_heads")
        ? heads
        : config.integerPerLevel("num_attention_heads", levels, 8);
  }

  private static ClassEmbedding classEmbedding(ModelConfig config, @Nullable Integer table) {
    config.only("class_embed_type", "timestep", "identity", "projection", "simple_projection");
    String name = config.text("class_embed_type");
    if (name == null) {
      return table == null ? ClassEmbedding.NONE : ClassEmbedding.TABLE;
    }
    for (ClassEmbedding type : ClassEmbedding.values()) {
      if (name.equals(type.configName())) {
        return type;
      }
    }
    throw DiffusionException.internal(
        "class_embed_type " + name + " is allowed but has no meaning", null);
  }

  /** What diffusers knows and we do not, may only stand at its default. */
  private static void refuseOthers(ModelConfig config) {
    config.only("dropout", 0.0);
    config.only("attention_type", "default");
    config.only("dual_cross_attention", false);
    config.absent("cross_attention_norm");
    // They change nothing in the blocks supported here, in diffusers either.
    config.ignore(
        "mid_block_only_cross_attention", "resnet_skip_time_act", "resnet_out_scale_factor");
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = ModelConfig.newJson("UNet2DConditionModel");
    if (sampleSize > 0) {
      json.put("sample_size", sampleSize);
    } else {
      json.putNull("sample_size");
    }
    json.put("in_channels", inChannels);
    json.put("out_channels", outChannels);
    json.put("center_input_sample", centerInputSample);
    json.put("flip_sin_to_cos", flipSinToCos);
    if (freqShift == Math.rint(freqShift)) {
      json.put("freq_shift", (int) freqShift);
    } else {
      json.put("freq_shift", freqShift);
    }
    ModelConfig.putNames(json, "down_block_types", downBlockTypes);
    json.put("mid_block_type", midBlockType == null ? null : midBlockType.name());
    ModelConfig.putNames(json, "up_block_types", upBlockTypes);
    ModelConfig.putFlagPerLevel(json, "only_cross_attention", onlyCrossAttention);
    ModelConfig.putIntegers(json, "block_out_channels", blockOutChannels);
    ModelConfig.putPerLevel(json, "layers_per_block", layersPerBlock);
    json.put("downsample_padding", downsamplePadding);
    json.put("mid_block_scale_factor", midBlockScaleFactor);
    json.put("act_fn", actFn.configName());
    json.put("norm_num_groups", normNumGroups);
    json.put("norm_eps", normEps);
    ModelConfig.putPerLevel(json, "cross_attention_dim", crossAttentionDim);
    ModelConfig.putPerLevel(json, "transformer_layers_per_block", transformerLayersPerBlock);
    if (reverseTransformerLayersPerBlock != null) {
      ModelConfig.putPerLevel(
          json, "reverse_transformer_layers_per_block", reverseTransformerLayersPerBlock);
    }
    if (encoderHidDim != null) {
      json.put("encoder_hid_dim", encoderHidDim).put("encoder_hid_dim_type", "text_proj");
    }
    ModelConfig.putPerLevel(json, "attention_head_dim", attentionHeads);
    json.put("use_linear_projection", useLinearProjection);
    json.put("class_embed_type", classEmbedding.configName());
    json.put("num_class_embeds", numClassEmbeds);
    json.put("class_embeddings_concat", classEmbeddingsConcat);
    if (additionTextHeads != null) {
      json.put("addition_embed_type", "text");
      json.put("addition_embed_type_num_heads", additionTextHeads);
    } else {
      json.put("addition_embed_type", additionTimeEmbedDim == null ? null : "text_time");
    }
    json.put("addition_time_embed_dim", additionTimeEmbedDim);
    json.put("projection_class_embeddings_input_dim", projectionClassEmbeddingsInputDim);
    json.put("upcast_attention", upcastAttention);
    json.put("resnet_time_scale_shift", timeScaleShift ? "scale_shift" : "default");
    json.put("time_embedding_type", timeFourier ? "fourier" : "positional");
    json.put("time_embedding_dim", timeEmbeddingDim);
    json.put("time_embedding_act_fn", name(timeEmbeddingActFn));
    json.put("timestep_post_act", name(timestepPostAct));
    json.put("time_cond_proj_dim", timeCondProjDim);
    json.put("conv_in_kernel", convInKernel);
    json.put("conv_out_kernel", convOutKernel);
    return json;
  }

  private static @Nullable String name(@Nullable Activation activation) {
    return activation == null ? null : activation.configName();
  }

  private static <T> List<T> sized(String field, List<T> values, int levels) {
    require(
        values.size() == levels,
        "%s: expected %d, as block_out_channels has, got %d"
            .formatted(field, levels, values.size()));
    return List.copyOf(values);
  }

  private static List<Integer> positive(String field, List<Integer> values, int levels) {
    values.forEach(value -> positive(field, value));
    return sized(field, values, levels);
  }

  private static void positive(String field, int value) {
    require(value > 0 && value <= 1 << 20, field + ": expected a positive number, got " + value);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw DiffusionException.badCheckpoint("UNet2DConditionModel config: " + message);
    }
  }
}
