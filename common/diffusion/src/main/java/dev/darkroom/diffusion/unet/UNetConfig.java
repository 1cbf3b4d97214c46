package dev.darkroom.diffusion.unet;

import static dev.darkroom.diffusion.unet.ConfigRules.optional;
import static dev.darkroom.diffusion.unet.ConfigRules.positive;
import static dev.darkroom.diffusion.unet.ConfigRules.require;
import static dev.darkroom.diffusion.unet.ConfigRules.sized;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;
import dev.darkroom.diffusion.nn.ContextNorm;
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
 * @param normNumGroups of all norms that have weights; null, where only {@link KLevels} and no last
 *     norm are there, and the middle counts for itself
 * @param attentionHeads what diffusers calls {@code attention_head_dim}, and uses as the number of
 *     heads; levels without transformers take it as its name says
 * @param dropout of the resnets in training; the trainer has none
 * @param encoderProjection of what is attended to, or null where the context is {@code
 *     crossAttentionDim} wide already
 * @param numClassEmbeds rows of the table of {@link ClassEmbedding#TABLE}
 * @param addition what is added to time and labels, or null
 * @param projectionClassEmbeddingsInputDim what enters the added or projected class embedding
 * @param timeCondProjDim channels of a second input beside time, such as the guidance scale of a
 *     distilled model, or null
 * @param resnetSkipTimeAct whether resnets of the levels that resize by one take time without an
 *     activation
 * @param resnetOutScaleFactor what the sum of residual and input is divided by in them
 * @param crossAttentionNorm of the context before simple cross-attention, or null
 * @param midBlockOnlyCrossAttention whether simple cross-attention in the middle sees the context
 *     alone
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
    double dropout,
    Activation actFn,
    @Nullable Integer normNumGroups,
    double normEps,
    List<Integer> crossAttentionDim,
    TransformerConfig transformers,
    @Nullable EncoderProjection encoderProjection,
    List<Integer> attentionHeads,
    ClassEmbedding classEmbedding,
    @Nullable Integer numClassEmbeds,
    boolean classEmbeddingsConcat,
    @Nullable AdditionEmbedding addition,
    @Nullable Integer projectionClassEmbeddingsInputDim,
    boolean timeScaleShift,
    boolean resnetSkipTimeAct,
    double resnetOutScaleFactor,
    @Nullable ContextNorm crossAttentionNorm,
    boolean midBlockOnlyCrossAttention,
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
    sized("transformer_layers_per_block", transformers.layersPerBlock(), levels);
    if (transformers.reverseLayersPerBlock() != null) {
      sized("reverse_transformer_layers_per_block", transformers.reverseLayersPerBlock(), levels);
    }
    attentionHeads = positive("attention_head_dim", attentionHeads, levels);
    positive("in_channels", inChannels);
    positive("out_channels", outChannels);
    optional("norm_num_groups", normNumGroups);
    optional("time_embedding_dim", timeEmbeddingDim);
    optional("time_cond_proj_dim", timeCondProjDim);
    require(dropout >= 0 && dropout <= 1, "dropout: expected a number from 0 to 1, got " + dropout);
    optional("projection_class_embeddings_input_dim", projectionClassEmbeddingsInputDim);
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
    }
    checkGroups(normNumGroups, blockOutChannels, downBlockTypes.getFirst().kind().isK());
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
    if (addition != null) {
      addition.check(encoderProjection, crossAttentionDim, projectionClassEmbeddingsInputDim);
    }
    require(
        inChannels > hintChannels(addition),
        "in_channels: expected more than the %d of a hint, got %d"
            .formatted(hintChannels(addition), inChannels));
  }

  private static void checkGroups(
      @Nullable Integer normNumGroups, List<Integer> blockOutChannels, boolean k) {
    require(
        normNumGroups != null || k,
        "norm_num_groups: expected a number with blocks that are no K blocks, got null");
    // K levels have groups of their own; the last norm has those of the config.
    for (int channels : k ? blockOutChannels.subList(0, 1) : blockOutChannels) {
      require(
          normNumGroups == null || channels % normNumGroups == 0,
          "block_out_channels: expected multiples of norm_num_groups %d, got %d"
              .formatted(normNumGroups, channels));
    }
  }

  /** The same for an input of other channels. */
  public UNetConfig ofInput(int channels) {
    ObjectNode json = toJson().put("in_channels", channels);
    return of(ModelConfig.of("a U-Net of %d channels".formatted(channels), json));
  }

  /** Channels of the time embedding. */
  public int timeChannels() {
    return timeEmbeddingDim == null
        ? (timeFourier ? 2 : 4) * blockOutChannels.getFirst()
        : timeEmbeddingDim;
  }

  /** Groups of the norms in the middle, and in all levels but K levels. */
  int groups() {
    return normNumGroups == null ? Math.min(blockOutChannels.getLast() / 4, 32) : normNumGroups;
  }

  /** What the sides of a sample must be multiples of; others are halved at any size. */
  public int sideMultiple() {
    return downBlockTypes.getFirst().kind().isK() ? 1 << (blockOutChannels.size() - 1) : 1;
  }

  /** Channels of the context that {@code forward} takes. */
  public int contextChannels() {
    return encoderProjection == null ? crossAttentionDim.getFirst() : encoderProjection.channels();
  }

  /** Whether {@code forward} takes the states of a text encoder. */
  boolean readsText() {
    return encoderProjection == null
        || encoderProjection.type().readsText()
        || addition instanceof AdditionEmbedding.Text;
  }

  /**
   * Tokens of the context that is attended to.
   *
   * @param text tokens of the text
   */
  long attendedTokens(long text) {
    if (encoderProjection == null) {
      return text;
    }
    EncoderProjection.Type type = encoderProjection.type();
    return type.imageTokens() + (type.readsText() ? text : 0);
  }

  /** Whether {@code forward} takes the embedding of a picture. */
  public boolean readsImage() {
    return encoderProjection != null && encoderProjection.type().imageTokens() > 0
        || addition != null && addition.readsImage();
  }

  /** Whether {@code forward} takes a picture to follow. */
  public boolean readsHint() {
    return addition instanceof AdditionEmbedding.ImageHint;
  }

  /** Whether {@code forward} may take objects in boxes. */
  public boolean isGrounded() {
    return transformers.attentionType().isGated();
  }

  /** Channels of the sample that {@code forward} takes: without those that a hint becomes. */
  public int sampleChannels() {
    return inChannels - hintChannels(addition);
  }

  private static int hintChannels(@Nullable AdditionEmbedding addition) {
    return addition instanceof AdditionEmbedding.ImageHint
        ? AdditionEmbedding.ImageHint.CHANNELS
        : 0;
  }

  /** Whether the model has any layer that attends to the context. */
  public boolean attendsToContext() {
    return midBlockType != null && midBlockType.attends()
        || downBlockTypes.stream().anyMatch(DownBlockType::attends)
        || upBlockTypes.stream().anyMatch(UpBlockType::attends);
  }

  /** {@link #projectionClassEmbeddingsInputDim} of a model that has one. */
  long projectedChannels() {
    return Objects.requireNonNull(
        projectionClassEmbeddingsInputDim, "of a model that projects nothing");
  }

  /** Whether any level has transformers, to which {@link #transformers} applies. */
  boolean hasTransformers() {
    return midBlockType == MidBlockType.UNetMidBlock2DCrossAttn
        || downBlockTypes.contains(DownBlockType.CrossAttnDownBlock2D)
        || upBlockTypes.contains(UpBlockType.CrossAttnUpBlock2D);
  }

  /** Whether the model takes pooled text embeddings and size numbers, as SDXL does. */
  public boolean takesAddedConditions() {
    return addition instanceof AdditionEmbedding.TextTime;
  }

  /**
   * Reads diffusers' {@code config.json}; fields left out take the class's defaults.
   *
   * @throws DiffusionException if a field has a value this library does not support, by its name
   */
  public static UNetConfig of(ModelConfig config) {
    return new UNetConfigReader(config).unet();
  }

  /**
   * Reads the same fields of a class that has a U-Net's {@link UNetEncoder} and no way up, which is
   * taken to mirror the way down. The caller reads the fields that are the class's own, and then
   * requires that all were read.
   */
  public static UNetConfig ofEncoder(ModelConfig config) {
    return new UNetConfigReader(config).encoder();
  }

  /** The same as diffusers would write it. */
  public ObjectNode toJson() {
    return UNetConfigWriter.json(this);
  }
}
