package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.text.TextualInversion;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Texts to the ids that a text encoder takes: the tokenizer's, where the token of an embedding
 * becomes as many ids past the encoder's vocabulary as it has vectors.
 */
final class PromptTokens implements AutoCloseable {
  private final PromptTokenizer tokenizer;
  private final Map<Long, long[]> embeddings = new HashMap<>();

  PromptTokens(PromptTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * @param vocabulary of the encoder: the first id of an added embedding
   */
  PromptTokens(PromptTokenizer base, List<TextualInversion> inversions, int vocabulary) {
    this.tokenizer = base.withTokens(inversions.stream().map(TextualInversion::token).toList());
    long next = vocabulary;
    for (TextualInversion inversion : inversions) {
      long[] ids = new long[inversion.first().size()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = next++;
      }
      long[] found = tokenizer.content(inversion.token());
      if (found.length != 1 || embeddings.put(found[0], ids) != null) {
        tokenizer.close();
        throw DiffusionException.badInput(
            "embedding %s: expected a name that no other has, and that stays one token"
                .formatted(inversion.token()));
      }
    }
  }

  /** The length of every chunk. */
  int length() {
    return tokenizer.maxLength();
  }

  /** How many of them are the prompt's own. */
  int room() {
    return length() - tokenizer.frame().length;
  }

  OptionalLong comma() {
    return tokenizer.commaId();
  }

  /** The tokens of a text, one each; those of an embedding stay together. */
  List<long[]> content(String text) {
    List<long[]> tokens = new ArrayList<>();
    for (long id : tokenizer.content(text)) {
      tokens.add(embeddings.getOrDefault(id, new long[] {id}));
    }
    return tokens;
  }

  /** A prompt in one chunk; what does not fit is cut off. */
  PromptChunk cut(String text) {
    ChunkBuilder chunk = builder();
    for (long[] token : content(text)) {
      for (long id : token) {
        if (chunk.size() < room()) {
          chunk.add(id, 1);
        }
      }
    }
    return chunk.build();
  }

  ChunkBuilder builder() {
    return new ChunkBuilder();
  }

  /** A chunk while it fills. */
  final class ChunkBuilder {
    private final List<Long> ids = new ArrayList<>();
    private final List<Float> weights = new ArrayList<>();

    int size() {
      return ids.size();
    }

    void add(long id, double weight) {
      ids.add(id);
      weights.add((float) weight);
    }

    /** Takes what stands from {@code from} on out of this one and into a new one. */
    ChunkBuilder splitAt(int from) {
      ChunkBuilder rest = new ChunkBuilder();
      rest.ids.addAll(ids.subList(from, ids.size()));
      rest.weights.addAll(weights.subList(from, ids.size()));
      ids.subList(from, ids.size()).clear();
      weights.subList(from, weights.size()).clear();
      return rest;
    }

    PromptChunk build() {
      long[] frame = tokenizer.frame();
      long[] allIds = new long[length()];
      long[] mask = new long[length()];
      float[] allWeights = new float[length()];
      Arrays.fill(allIds, tokenizer.padId());
      Arrays.fill(allWeights, 1);
      int start = frame.length - 1;
      System.arraycopy(frame, 0, allIds, 0, start);
      for (int i = 0; i < ids.size(); i++) {
        allIds[start + i] = ids.get(i);
        allWeights[start + i] = weights.get(i);
      }
      allIds[start + ids.size()] = frame[start];
      Arrays.fill(mask, 0, start + ids.size() + 1, 1);
      return new PromptChunk(allIds, mask, allWeights);
    }
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
