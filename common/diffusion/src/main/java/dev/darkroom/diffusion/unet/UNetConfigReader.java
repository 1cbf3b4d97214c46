package dev.darkroom.diffusion.unet;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import dev.darkroom.diffusion.nn.ContextNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads a {@link UNetConfig}: the fields of diffusers' class, their types and their defaults. */
final class UNetConfigReader {
  private final ModelConfig config;

  UNetConfigReader(ModelConfig config) {
    this.config = config;
  }

  /** Of a UNet2DConditionModel, whole. */
  UNetConfig unet() {
    UpBlockType attention = UpBlockType.CrossAttnUpBlock2D;
    UNetConfig read =
        read(
            config.names(
                "up_block_types",
                UpBlockType.class,
                List.of(UpBlockType.UpBlock2D, attention, attention, attention)));
    // diffusers refuses it here, where attention_head_dim already is the number of heads.
    config.absent("num_attention_heads");
    config.requireAllRead();
    KLevels.check(read);
    return read;
  }

  /** Of a class with a U-Net's encoder alone; others read the rest of it. */
  UNetConfig encoder() {
    List<UpBlockType> up = new ArrayList<>();
    for (DownBlockType type : downBlockTypes()) {
      boolean transforms = type == DownBlockType.CrossAttnDownBlock2D;
      up.addFirst(transforms ? UpBlockType.CrossAttnUpBlock2D : UpBlockType.UpBlock2D);
    }
    return read(up);
  }

  private UNetConfig read(List<UpBlockType> upBlockTypes) {
    List<Integer> channels = config.integers("block_out_channels", List.of(320, 640, 1280, 1280));
    int levels = channels.size();
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
            downBlockTypes(),
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
            config.real("dropout", 0),
            config.activation("act_fn", Activation.SILU),
            config.isNull("norm_num_groups")
                ? null
                : (Integer) config.integer("norm_num_groups", 32),
            config.real("norm_eps", 1e-5),
            config.integerPerLevel("cross_attention_dim", levels, 1280),
            transformers(levels),
            encoderProjection(),
            heads(levels),
            classEmbedding(table),
            table,
            config.flag("class_embeddings_concat", false),
            addition(),
            config.optionalInteger("projection_class_embeddings_input_dim"),
            "scale_shift".equals(config.text("resnet_time_scale_shift")),
            config.flag("resnet_skip_time_act", false),
            config.real("resnet_out_scale_factor", 1),
            config.name("cross_attention_norm", ContextNorm.class),
            midBlockOnlyCrossAttention(),
            "fourier".equals(config.text("time_embedding_type")),
            config.optionalInteger("time_embedding_dim"),
            config.activation("time_embedding_act_fn"),
            config.activation("timestep_post_act"),
            config.optionalInteger("time_cond_proj_dim"),
            config.integer("conv_in_kernel", 3),
            config.integer("conv_out_kernel", 3));
    requireNoDualTransformers(read);
    return read;
  }

  /** What is said of all levels at once is said of the middle, too. */
  private boolean midBlockOnlyCrossAttention() {
    return config.flag(
        "mid_block_only_cross_attention",
        config.isBoolean("only_cross_attention") && config.flag("only_cross_attention", false));
  }

  private List<Integer> heads(int levels) {
    List<Integer> heads = config.integerPerLevel("attention_head_dim", levels, 8);
    return config.isNullOrAbsent("num_attention_heads")
        ? heads
        : config.integerPerLevel("num_attention_heads", levels, 8);
  }

  private ClassEmbedding classEmbedding(@Nullable Integer table) {
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

  private TransformerConfig transformers(int levels) {
    return new TransformerConfig(
        config.integersPerLevel("transformer_layers_per_block", levels, 1),
        config.isNullOrAbsent("reverse_transformer_layers_per_block")
            ? null
            : config.integersPerLevel("reverse_transformer_layers_per_block", levels, 1),
        config.flag("use_linear_projection", false),
        config.flag("upcast_attention", false),
        Objects.requireNonNullElse(
            config.named("attention_type", AttentionType::configName, AttentionType.values()),
            AttentionType.DEFAULT));
  }

  private @Nullable EncoderProjection encoderProjection() {
    Integer channels = config.optionalInteger("encoder_hid_dim");
    EncoderProjection.Type type =
        config.named(
            "encoder_hid_dim_type",
            EncoderProjection.Type::configName,
            EncoderProjection.Type.values());
    ConfigRules.require(
        channels != null || type == null,
        "encoder_hid_dim: expected a number with encoder_hid_dim_type, got null");
    if (channels == null) {
      return null;
    }
    // diffusers takes a number alone for that of a text.
    return new EncoderProjection(
        Objects.requireNonNullElse(type, EncoderProjection.Type.TEXT), channels);
  }

  private @Nullable AdditionEmbedding addition() {
    config.only("addition_embed_type", "text_time", "text", "text_image", "image", "image_hint");
    int heads = config.integer("addition_embed_type_num_heads", 64);
    int numbers = config.integer("addition_time_embed_dim", 256);
    return switch (config.text("addition_embed_type")) {
      case "text" -> new AdditionEmbedding.Text(heads);
      case "text_time" -> new AdditionEmbedding.TextTime(numbers);
      case "text_image" -> new AdditionEmbedding.TextImage();
      case "image" -> new AdditionEmbedding.Image();
      case "image_hint" -> new AdditionEmbedding.ImageHint();
      case null, default -> null;
    };
  }

  /** Where there are none, the flag says nothing. Where there are, diffusers cannot call them. */
  private void requireNoDualTransformers(UNetConfig read) {
    if (read.hasTransformers()) {
      config.only("dual_cross_attention", false);
    } else {
      config.flag("dual_cross_attention", false);
    }
  }

  private List<DownBlockType> downBlockTypes() {
    DownBlockType attention = DownBlockType.CrossAttnDownBlock2D;
    return config.names(
        "down_block_types",
        DownBlockType.class,
        List.of(attention, attention, attention, DownBlockType.DownBlock2D));
  }
}
