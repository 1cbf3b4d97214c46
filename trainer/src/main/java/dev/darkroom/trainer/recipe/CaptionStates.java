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

/**
 * The token states of captions by a frozen text encoder. Each caption is encoded alone, so that its
 * bits depend on nothing else; the latest are kept, for captions come back.
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

  /** [N, T, D]. */
  NDArray states(List<String> captions) {
    int size = (int) shape().size();
    float[] all = new float[captions.size() * size];
    for (int row = 0; row < captions.size(); row++) {
      float[] states = kept.computeIfAbsent(captions.get(row), this::encode);
      System.arraycopy(states, 0, all, row * size, size);
    }
    return manager.create(all, new Shape(captions.size()).addAll(shape()));
  }

  private float[] encode(String caption) {
    Tokens tokens = tokenizer.encode(caption);
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open()) {
      Shape row = new Shape(1, tokens.ids().length);
      NDArray mask =
          encoder.config().useAttentionMask() ? manager.create(tokens.mask(), row) : null;
      return encoder.forward(manager.create(tokens.ids(), row), mask).last().toFloatArray();
    }
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
