package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.PromptTokens.ChunkBuilder;
import dev.darkroom.diffusion.prompt.ComfyEmphasis;
import dev.darkroom.diffusion.prompt.Piece;
import java.util.ArrayList;
import java.util.List;

/**
 * A prompt of any length in chunks, as ComfyUI cuts it: between words, and within one only where it
 * is of 8 tokens or more. Embeddings are written {@code embedding:name}.
 */
final class ComfyChunks {
  private static final String EMBEDDING = "embedding:";

  /** A word of so many tokens fills up the chunk that it begins in. */
  private static final int LARGE = 8;

  private ComfyChunks() {}

  static List<PromptChunk> of(String text, PromptTokens tokens) {
    List<PromptChunk> chunks = new ArrayList<>();
    ChunkBuilder chunk = tokens.builder();
    for (Piece.Words words : ComfyEmphasis.parse(text)) {
      for (String word : words.text().replace('\n', ' ').split(" ")) {
        List<Long> ids = ids(word, tokens);
        boolean large = ids.size() >= LARGE;
        if (!large && chunk.size() + ids.size() > tokens.room()) {
          chunks.add(chunk.build());
          chunk = tokens.builder();
        }
        for (long id : ids) {
          if (chunk.size() == tokens.room()) {
            chunks.add(chunk.build());
            chunk = tokens.builder();
          }
          chunk.add(id, words.weight());
        }
      }
    }
    chunks.add(chunk.build());
    return chunks;
  }

  private static List<Long> ids(String word, PromptTokens tokens) {
    List<Long> ids = new ArrayList<>();
    String name = word.startsWith(EMBEDDING) ? word.substring(EMBEDDING.length()) : word;
    for (long[] token : tokens.content(name)) {
      for (long id : token) {
        ids.add(id);
      }
    }
    return ids;
  }
}
