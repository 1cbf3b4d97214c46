package dev.darkroom.diffusion.tokenizer;

import dev.darkroom.diffusion.DiffusionException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@code spiece.model}: sentencepiece's protocol buffer, of which three things matter here.
 *
 * @param pieces in the order of their ids
 * @param characterMap what {@code Precompiled} normalisers take; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SentencePieceModel(List<Piece> pieces, byte[] characterMap) {
  /** Field numbers of sentencepiece_model.proto. */
  private static final int PIECES = 1;

  private static final int TRAINER = 2;
  private static final int NORMALIZER = 3;
  private static final int PIECE_TEXT = 1;
  private static final int PIECE_SCORE = 2;
  private static final int TRAINER_MODEL_TYPE = 3;
  private static final int TRAINER_BYTE_FALLBACK = 35;
  private static final int NORMALIZER_CHARACTER_MAP = 2;

  /** Wire types. */
  private static final int VARINT = 0;

  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  /**
   * @param score logarithm of its probability
   */
  record Piece(String text, float score) {}

  /**
   * @param name what errors call it: the file
   */
  static SentencePieceModel read(String name, byte[] bytes) {
    try {
      return read(name, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw DiffusionException.badCheckpoint(
          name + ": expected a sentencepiece model, got a truncated or other file", e);
    }
  }

  private static SentencePieceModel read(String name, ByteBuffer message) {
    List<Piece> pieces = new ArrayList<>();
    byte[] characterMap = new byte[0];
    while (message.hasRemaining()) {
      long tag = varint(message);
      switch ((int) (tag >>> 3)) {
        case PIECES -> pieces.add(piece(bytes(message, tag)));
        case TRAINER -> requireUnigram(name, bytes(message, tag));
        case NORMALIZER -> characterMap = characterMap(bytes(message, tag));
        default -> skip(message, tag);
      }
    }
    if (pieces.size() < 3) {
      throw new IllegalArgumentException("no pieces");
    }
    return new SentencePieceModel(pieces, characterMap);
  }

  private static Piece piece(ByteBuffer message) {
    String text = "";
    float score = 0;
    while (message.hasRemaining()) {
      long tag = varint(message);
      switch ((int) (tag >>> 3)) {
        case PIECE_TEXT -> text = StandardCharsets.UTF_8.decode(bytes(message, tag)).toString();
        case PIECE_SCORE -> score = message.getFloat();
        default -> skip(message, tag);
      }
    }
    return new Piece(text, score);
  }

  private static void requireUnigram(String name, ByteBuffer message) {
    while (message.hasRemaining()) {
      long tag = varint(message);
      switch ((int) (tag >>> 3)) {
        case TRAINER_MODEL_TYPE -> {
          long type = varint(message);
          if (type != 1) {
            throw DiffusionException.badCheckpoint(
                "%s: expected a unigram model (type 1), got type %d; save the tokenizer as tokenizer.json with transformers"
                    .formatted(name, type));
          }
        }
        case TRAINER_BYTE_FALLBACK -> {
          if (varint(message) != 0) {
            throw DiffusionException.badCheckpoint(
                name + ": byte_fallback is not supported; T5's models have none");
          }
        }
        default -> skip(message, tag);
      }
    }
  }

  private static byte[] characterMap(ByteBuffer message) {
    byte[] map = new byte[0];
    while (message.hasRemaining()) {
      long tag = varint(message);
      if (tag >>> 3 == NORMALIZER_CHARACTER_MAP) {
        ByteBuffer found = bytes(message, tag);
        map = new byte[found.remaining()];
        found.get(map);
      } else {
        skip(message, tag);
      }
    }
    return map;
  }

  private static ByteBuffer bytes(ByteBuffer message, long tag) {
    if ((tag & 7) != BYTES) {
      throw new IllegalArgumentException("expected bytes");
    }
    long length = varint(message);
    if (length < 0 || length > message.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer slice =
        message.slice(message.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
    message.position(message.position() + (int) length);
    return slice;
  }

  private static void skip(ByteBuffer message, long tag) {
    switch ((int) (tag & 7)) {
      case VARINT -> varint(message);
      case FIXED64 -> message.getLong();
      case BYTES -> bytes(message, tag);
      case FIXED32 -> message.getInt();
      default -> throw new IllegalArgumentException("unknown wire type");
    }
  }

  private static long varint(ByteBuffer message) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = message.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than 64 bits");
  }
}
