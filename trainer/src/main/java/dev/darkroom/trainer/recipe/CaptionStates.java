package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.text.BertModel;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import dev.darkroom.diffusion.tokenizer.Tokens;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.LongStream;

/**
 * The token states of captions by a frozen text encoder. On a CPU each caption is encoded alone, so
 * that its bits depend on nothing else; the latest are kept, for captions come back.
 */
final class CaptionStates implements AutoCloseable {
  private static final int KEPT = 4096;

  private final PromptTokenizer tokenizer;
  private final BertModel encoder;
  private final NDManager manager;
  private final Map<String, float[]> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * @param base a diffusers folder with {@code tokenizer} and {@code text_encoder}
   */
  CaptionStates(Path base, NDManager manager) {
    this.manager = manager;
    this.tokenizer = PromptTokenizer.load(base.resolve("tokenizer"));
    this.encoder = BertModel.load(base.resolve("text_encoder"), manager, Execution.INFERENCE);
  }

  /** [T, D] of one caption's states. */
  Shape shape() {
    return new Shape(tokenizer.maxLength(), encoder.config().hiddenSize());
  }

  /**
   * [N, T, D]. A GPU encodes them all at once, each time anew, so that their bits depend on nothing
   * but this list: one caption would not fill it.
   */
  NDArray states(List<String> captions) {
    if (manager.getDevice().isGpu()) {
      return encode(captions);
    }
    int size = (int) shape().size();
    float[] all = new float[captions.size() * size];
    for (int row = 0; row < captions.size(); row++) {
      float[] states = kept.computeIfAbsent(captions.get(row), this::encode);
      System.arraycopy(states, 0, all, row * size, size);
    }
    return manager.create(all, new Shape(captions.size()).addAll(shape()));
  }

  private float[] encode(String caption) {
    try (Scope scope = Scope.open()) {
      return encode(List.of(caption)).toFloatArray();
    }
  }

  private NDArray encode(List<String> captions) {
    List<Tokens> tokens = captions.stream().map(tokenizer::encode).toList();
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open()) {
      NDArray ids = rows(tokens, Tokens::ids);
      NDArray mask = encoder.config().useAttentionMask() ? rows(tokens, Tokens::mask) : null;
      return scope.keep(encoder.forward(ids, mask).last());
    }
  }

  /** [N, T]. */
  private NDArray rows(List<Tokens> tokens, Function<Tokens, long[]> row) {
    long[] all = tokens.stream().map(row).flatMapToLong(LongStream::of).toArray();
    return manager.create(all, new Shape(tokens.size(), all.length / tokens.size()));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
