package dev.darkroom.diffusion.nn;

/** What a model is built for. */
public enum Execution {
  /** Parameters stay as they are: gradients can flow, values can change. */
  TRAINING,
  /**
   * Weights are rearranged once for the fastest forward, and a row's result does not depend on the
   * other rows of its batch, to the bit. Nothing can be trained or changed.
   */
  INFERENCE
}
