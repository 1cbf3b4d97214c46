package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.PromptTokens.ChunkBuilder;
import dev.darkroom.diffusion.prompt.A1111Emphasis;
import dev.darkroom.diffusion.prompt.Piece;
import java.util.ArrayList;
import java.util.List;

/**
 * A prompt of any length in chunks, as A1111 cuts it: at {@code BREAK}, and where a chunk is full;
 * then what follows its last comma moves on, if that is near. An embedding is never cut.
 */
final class A1111Chunks {
  /** How far back a comma may stand: A1111's default. */
  private static final int BACKTRACK = 20;

  private final PromptTokens tokens;
  private final List<PromptChunk> chunks = new ArrayList<>();
  private ChunkBuilder chunk;

  /** Where the last comma of the chunk stands, or -1. */
  private int lastComma = -1;

  private A1111Chunks(PromptTokens tokens) {
    this.tokens = tokens;
    this.chunk = tokens.builder();
  }

  static List<PromptChunk> of(String text, PromptTokens tokens) {
    A1111Chunks cut = new A1111Chunks(tokens);
    for (Piece piece : A1111Emphasis.parse(text)) {
      switch (piece) {
        case Piece.Break() -> cut.next();
        case Piece.Words(String words, double weight) ->
            tokens.content(words).forEach(token -> cut.add(token, weight));
      }
    }
    if (cut.chunk.size() > 0 || cut.chunks.isEmpty()) {
      cut.next();
    }
    return cut.chunks;
  }

  private void add(long[] token, double weight) {
    int room = tokens.room();
    if (token.length == 1 && token[0] == tokens.comma().orElse(-1)) {
      lastComma = chunk.size();
    } else if (chunk.size() == room && lastComma >= 0 && room - lastComma <= BACKTRACK) {
      ChunkBuilder rest = chunk.splitAt(lastComma + 1);
      next();
      chunk = rest;
    }
    if (chunk.size() == room || chunk.size() + token.length > room) {
      next();
    }
    for (int i = 0; i < Math.min(token.length, room); i++) {
      chunk.add(token[i], weight);
    }
  }

  private void next() {
    chunks.add(chunk.build());
    chunk = tokens.builder();
    lastComma = -1;
  }
}
