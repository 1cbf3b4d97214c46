package dev.darkroom.diffusion.prompt;

/** A part of a prompt that is encoded as one. */
public sealed interface Piece {

  /**
   * Words of one weight.
   *
   * @param weight 1 leaves them as they are
   */
  record Words(String text, double weight) implements Piece {}

  /** What follows begins a new chunk. */
  record Break() implements Piece {}
}
