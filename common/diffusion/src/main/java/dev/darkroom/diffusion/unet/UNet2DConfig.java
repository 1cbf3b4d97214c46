package dev.darkroom.diffusion.unet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@code config.json} of diffusers' UNet2DModel, its field names in camel case; fields that are
 * always at their default here are left out.
 *
 * @param sampleSize height and width of what it was trained on, 0 if unsaid
 * @param midBlock whether there is a middle
 * @param resnetDownsample whether levels that attend halve their map by a resnet, {@code
 *     downsample_type}; else by a convolution
 * @param resnetUpsample the same on the way up
 * @param dropout of the resnets in training; the trainer has none
 * @param attentionHeadDim channels of a head, as the name says here; null is one head
 * @param actFn of the resnets; SiLU stands elsewhere, whatever they have
 * @param attnNormNumGroups groups of the middle attention's norm; null is those of the resnets, or
 *     no norm at all with {@code scale_shift}
 * @param addAttention whether the middle attends
 * @param numTrainTimesteps rows of a learned time embedding
 */
public record UNet2DConfig(
    int sampleSize,
    int inChannels,
    int outChannels,
    boolean centerInputSample,
    TimeEmbeddingType timeEmbeddingType,
    @Nullable Integer timeEmbeddingDim,
    double freqShift,
    boolean flipSinToCos,
    List<DownType> downBlockTypes,
    boolean midBlock,
    List<UpType> upBlockTypes,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    double midBlockScaleFactor,
    int downsamplePadding,
    boolean resnetDownsample,
    boolean resnetUpsample,
    double dropout,
    @Nullable Integer attentionHeadDim,
    Activation actFn,
    int normNumGroups,
    @Nullable Integer attnNormNumGroups,
    double normEps,
    boolean timeScaleShift,
    boolean addAttention,
    ClassEmbedding classEmbedding,
    @Nullable Integer numClassEmbeds,
    @Nullable Integer numTrainTimesteps) {

  /** diffusers' class names of the levels on the way down. */
  public enum DownType {
    DownBlock2D,
    AttnDownBlock2D,
    ResnetDownsampleBlock2D
  }

  /** diffusers' class names of the levels on the way up. */
  public enum UpType {
    UpBlock2D,
    AttnUpBlock2D,
    ResnetUpsampleBlock2D
  }

  /** What is made of a time: diffusers' {@code time_embedding_type}. */
  public enum TimeEmbeddingType {
    /** Sinusoids. */
    positional,
    /** Random frequencies of its logarithm; the output is divided by it. */
    fourier,
    /** A row of a table. */
    learned
  }

  public UNet2DConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    int levels = blockOutChannels.size();
    require(
        levels > 0 && levels <= 10, "block_out_channels: expected 1 to 10 levels, got " + levels);
    require(
        downBlockTypes.size() == levels && upBlockTypes.size() == levels,
        "down_block_types and up_block_types: expected %d each, as block_out_channels has, got %d and %d"
            .formatted(levels, downBlockTypes.size(), upBlockTypes.size()));
    positive("in_channels", inChannels);
    positive("out_channels", outChannels);
    positive("layers_per_block", layersPerBlock);
    positive("norm_num_groups", normNumGroups);
    positive("attn_norm_num_groups", attnNormNumGroups);
    positive("attention_head_dim", attentionHeadDim);
    positive("time_embedding_dim", timeEmbeddingDim);
    require(
        downsamplePadding == 0 || downsamplePadding == 1,
        "downsample_padding: expected 0 or 1, got " + downsamplePadding);
    require(dropout >= 0 && dropout <= 1, "dropout: expected a number from 0 to 1, got " + dropout);
    for (int channels : blockOutChannels) {
      positive("block_out_channels", channels);
      require(
          channels % normNumGroups == 0,
          "block_out_channels: expected multiples of norm_num_groups %d, got %d"
              .formatted(normNumGroups, channels));
    }
    if (classEmbedding == ClassEmbedding.TABLE) {
      require(numClassEmbeds != null, "num_class_embeds: expected a number, got null");
      positive("num_class_embeds", numClassEmbeds);
    }
    if (timeEmbeddingType == TimeEmbeddingType.learned) {
      require(
          numTrainTimesteps != null,
          "num_train_timesteps: expected a number with time_embedding_type learned, got null");
      positive("num_train_timesteps", numTrainTimesteps);
    }
  }

  /** Channels of the time embedding. */
  public int timeChannels() {
    return timeEmbeddingDim == null ? 4 * blockOutChannels.getFirst() : timeEmbeddingDim;
  }

  /**
   * Reads diffusers' {@code config.json}; fields left out take the class's defaults.
   *
   * @throws DiffusionException if a field has a value this library does not support, by its name
   */
  public static UNet2DConfig of(ModelConfig config) {
    DownType attention = DownType.AttnDownBlock2D;
    UpType attentionUp = UpType.AttnUpBlock2D;
    TimeEmbeddingType time = config.name("time_embedding_type", TimeEmbeddingType.class);
    config.only("mid_block_type", "UNetMidBlock2D");
    config.only("resnet_time_scale_shift", "default", "scale_shift");
    config.only("downsample_type", "conv", "resnet");
    config.only("upsample_type", "conv", "resnet");
    Integer table = config.optionalInteger("num_class_embeds");
    boolean oneHead = config.isNull("attention_head_dim");
    UNet2DConfig read =
        new UNet2DConfig(
            config.firstInteger("sample_size", 0),
            config.integer("in_channels", 3),
            config.integer("out_channels", 3),
            config.flag("center_input_sample", false),
            time == null ? TimeEmbeddingType.positional : time,
            config.optionalInteger("time_embedding_dim"),
            config.real("freq_shift", 0),
            config.flag("flip_sin_to_cos", true),
            config.names(
                "down_block_types",
                DownType.class,
                List.of(DownType.DownBlock2D, attention, attention, attention)),
            !config.isNull("mid_block_type"),
            config.names(
                "up_block_types",
                UpType.class,
                List.of(attentionUp, attentionUp, attentionUp, UpType.UpBlock2D)),
            config.integers("block_out_channels", List.of(224, 448, 672, 896)),
            config.integer("layers_per_block", 2),
            config.real("mid_block_scale_factor", 1),
            config.integer("downsample_padding", 1),
            "resnet".equals(config.text("downsample_type")),
            "resnet".equals(config.text("upsample_type")),
            config.real("dropout", 0),
            oneHead ? null : (Integer) config.integer("attention_head_dim", 8),
            config.activation("act_fn", Activation.SILU),
            config.integer("norm_num_groups", 32),
            config.optionalInteger("attn_norm_num_groups"),
            config.real("norm_eps", 1e-5),
            "scale_shift".equals(config.text("resnet_time_scale_shift")),
            config.flag("add_attention", true),
            classEmbedding(config, table),
            table,
            config.optionalInteger("num_train_timesteps"));
    require(!config.isNull("norm_num_groups"), "norm_num_groups: expected a number, got null");
    config.requireAllRead();
    return read;
  }

  private static ClassEmbedding classEmbedding(ModelConfig config, @Nullable Integer table) {
    config.only("class_embed_type", "timestep", "identity");
    String name = config.text("class_embed_type");
    if (name == null) {
      return table == null ? ClassEmbedding.NONE : ClassEmbedding.TABLE;
    }
    return name.equals("timestep") ? ClassEmbedding.TIMESTEP : ClassEmbedding.IDENTITY;
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = ConfigJson.ofClass("UNet2DModel");
    json.put("sample_size", sampleSize == 0 ? null : (Integer) sampleSize);
    json.put("in_channels", inChannels);
    json.put("out_channels", outChannels);
    json.put("center_input_sample", centerInputSample);
    json.put("time_embedding_type", timeEmbeddingType.name());
    json.put("time_embedding_dim", timeEmbeddingDim);
    json.put("freq_shift", freqShift);
    json.put("flip_sin_to_cos", flipSinToCos);
    ConfigJson.putNames(json, "down_block_types", downBlockTypes);
    json.put("mid_block_type", midBlock ? "UNetMidBlock2D" : null);
    ConfigJson.putNames(json, "up_block_types", upBlockTypes);
    ConfigJson.putIntegers(json, "block_out_channels", blockOutChannels);
    json.put("layers_per_block", layersPerBlock);
    json.put("mid_block_scale_factor", midBlockScaleFactor);
    json.put("downsample_padding", downsamplePadding);
    json.put("downsample_type", resnetDownsample ? "resnet" : "conv");
    json.put("upsample_type", resnetUpsample ? "resnet" : "conv");
    json.put("dropout", dropout);
    json.put("act_fn", actFn.configName());
    json.put("attention_head_dim", attentionHeadDim);
    json.put("norm_num_groups", normNumGroups);
    json.put("attn_norm_num_groups", attnNormNumGroups);
    json.put("norm_eps", normEps);
    json.put("resnet_time_scale_shift", timeScaleShift ? "scale_shift" : "default");
    json.put("add_attention", addAttention);
    json.put("class_embed_type", classEmbedding.configName());
    json.put("num_class_embeds", numClassEmbeds);
    json.put("num_train_timesteps", numTrainTimesteps);
    return json;
  }

  private static void positive(String field, @Nullable Integer value) {
    require(
        value == null || (value > 0 && value <= 1 << 20),
        field + ": expected a positive number, got " + value);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw DiffusionException.badCheckpoint("UNet2DModel config: " + message);
    }
  }
}
