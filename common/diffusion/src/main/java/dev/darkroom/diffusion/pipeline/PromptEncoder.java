package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.adapter.LoraBase;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.text.CLIPTextEncoder;
import dev.darkroom.diffusion.text.TextEncoder;
import dev.darkroom.diffusion.text.TextStates;
import dev.darkroom.diffusion.text.TextualInversion;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tokenizer and its text encoder: prompts to states, in each syntax. Thread-safe. */
final class PromptEncoder implements TextEncoding {
  private final PromptTokenizer tokenizer;
  private final Part<? extends TextEncoder> part;
  private final TextEncoder encoder;
  private final NDManager manager;
  private final PromptTokens tokens;

  /** [E, C], what the ids past the vocabulary stand for. */
  private final float @Nullable [] added;

  private final TextLayer layer;
  private final Adaptation adapters;

  PromptEncoder(
      PromptTokenizer tokenizer,
      Part<? extends TextEncoder> part,
      NDManager manager,
      TextLayer layer) {
    this(tokenizer, part, manager, layer, new PromptTokens(tokenizer), null, Adaptation.NONE);
  }

  private PromptEncoder(
      PromptTokenizer tokenizer,
      Part<? extends TextEncoder> part,
      NDManager manager,
      TextLayer layer,
      PromptTokens tokens,
      float @Nullable [] added,
      Adaptation adapters) {
    this.tokenizer = tokenizer;
    this.part = part;
    this.encoder = part.outline();
    this.manager = manager;
    this.layer = layer;
    this.tokens = tokens;
    this.added = added;
    this.adapters = adapters;
  }

  @Override
  public List<LoraBase> loraBases() {
    return encoder instanceof CLIPTextEncoder clip ? List.of(LoraBase.of(clip)) : List.of();
  }

  /** What a file calls the layers of a second encoder. */
  LoraBase secondLoraBase() {
    if (encoder instanceof CLIPTextEncoder clip) {
      return LoraBase.second(clip);
    }
    throw DiffusionException.internal("a second text encoder that is not CLIP", null);
  }

  @Override
  public PromptEncoder adapted(List<Adaptation> adaptations) {
    return adaptations.isEmpty()
        ? this
        : new PromptEncoder(tokenizer, part, manager, layer, tokens, added, adaptations.getFirst());
  }

  @Override
  public PromptEncoder with(List<TextualInversion> inversions) {
    if (!(encoder instanceof CLIPTextEncoder clip)) {
      throw DiffusionException.badInput(
          "embedding: expected a model with a CLIP text encoder, got one with "
              + encoder.getClass().getSimpleName());
    }
    int channels = clip.hiddenSize();
    List<float[]> vectors = new ArrayList<>();
    for (TextualInversion inversion : inversions) {
      for (float[] vector : inversion.first()) {
        if (vector.length != channels) {
          throw DiffusionException.badInput(
              "embedding %s: expected vectors of the text encoder's %d channels, got %d; it was learned on another model"
                  .formatted(inversion.token(), channels, vector.length));
        }
        vectors.add(vector);
      }
    }
    float[] table = new float[vectors.size() * channels];
    for (int i = 0; i < vectors.size(); i++) {
      System.arraycopy(vectors.get(i), 0, table, i * channels, channels);
    }
    int vocabulary = clip.config().vocabSize();
    return new PromptEncoder(
        tokenizer,
        part,
        manager,
        layer,
        new PromptTokens(tokenizer, inversions, vocabulary),
        table,
        adapters);
  }

  @Override
  public boolean emptyIsZeros() {
    return false;
  }

  @Override
  public int length() {
    return tokens.length();
  }

  @Override
  public int channels() {
    return encoder.hiddenSize();
  }

  @Override
  public int pooledChannels() {
    return encoder instanceof CLIPTextEncoder clip ? layer.pooledChannels(clip) : 0;
  }

  /** The longest sequence of the encoder. */
  int maxPositions() {
    return encoder.maxPositions();
  }

  /** k chunks one after the other; the first one's pooled state is the whole text's. */
  @Override
  public EncodedText encode(
      String prompt, @Nullable String prompt2, PromptSyntax syntax, int clipSkip) {
    if (prompt2 != null) {
      throw DiffusionException.badInput(
          "second prompt: expected none for a model with one text encoder, got some");
    }
    List<PromptChunk> chunks =
        switch (syntax) {
          case PLAIN -> List.of(tokens.cut(prompt));
          case A1111 -> A1111Chunks.of(prompt, tokens);
          case COMFY -> ComfyChunks.of(prompt, tokens);
        };
    int size = length() * channels();
    float[] all = new float[Math.multiplyExact(chunks.size(), size)];
    float[] pooled = null;
    for (int i = 0; i < chunks.size(); i++) {
      PromptChunk chunk = chunks.get(i);
      EncodedText encoded = encoded(chunk, clipSkip);
      float[] states = encoded.context();
      if (chunk.isWeighted()) {
        switch (syntax) {
          case PLAIN -> {}
          case A1111 -> scaleAndRestoreMean(states, chunk.weights());
          case COMFY ->
              interpolate(states, encoded(tokens.cut(""), clipSkip).context(), chunk.weights());
        }
      }
      System.arraycopy(states, 0, all, i * size, size);
      pooled = pooled == null ? encoded.pooled() : pooled;
    }
    return new EncodedText(all, pooled);
  }

  private EncodedText encoded(PromptChunk chunk, int clipSkip) {
    return part.use(loaded -> encoded(loaded, chunk, clipSkip));
  }

  private EncodedText encoded(TextEncoder loaded, PromptChunk chunk, int clipSkip) {
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open();
        NDManager call = manager.newSubManager()) {
      Shape shape = new Shape(1, chunk.ids().length);
      NDArray ids = call.create(chunk.ids(), shape);
      NDArray mask = loaded.useAttentionMask() ? call.create(chunk.mask(), shape) : null;
      if (!(loaded instanceof CLIPTextEncoder clip)) {
        if (clipSkip != 0) {
          throw DiffusionException.badInput(
              "clip skip: expected 0 for a text encoder that is not CLIP, got " + clipSkip);
        }
        return new EncodedText(loaded.forward(ids, mask).last().toFloatArray(), null);
      }
      NDArray table =
          added == null
              ? null
              : call.create(added, new Shape(added.length / clip.hiddenSize(), clip.hiddenSize()));
      TextStates states =
          clip.adaptable()
              .run(adapters.forRows(clip.adaptable(), 1), () -> clip.forward(ids, mask, table));
      float[] context = layer.of(clip, states, clipSkip).toFloatArray();
      NDArray pooled = pooledChannels() == 0 ? null : layer.pooled(states);
      return new EncodedText(context, pooled == null ? null : pooled.toFloatArray());
    }
  }

  /**
   * A1111's way: each token's state times its weight, then all scaled back to the mean of before.
   */
  private static void scaleAndRestoreMean(float[] states, float[] weights) {
    int channels = states.length / weights.length;
    double before = 0;
    double after = 0;
    for (int i = 0; i < states.length; i++) {
      before += states[i];
      states[i] *= weights[i / channels];
      after += states[i];
    }
    if (after == 0) {
      return; // nothing to bring back
    }
    float scale = (float) (before / after);
    for (int i = 0; i < states.length; i++) {
      states[i] *= scale;
    }
  }

  /** ComfyUI's way: from the empty prompt's state through the token's own, and beyond. */
  private static void interpolate(float[] states, float[] empty, float[] weights) {
    int channels = states.length / weights.length;
    for (int i = 0; i < states.length; i++) {
      float weight = weights[i / channels];
      if (weight != 1) {
        states[i] = (states[i] - empty[i]) * weight + empty[i];
      }
    }
  }

  @Override
  public void close() {
    tokens.close();
    tokenizer.close();
  }
}
