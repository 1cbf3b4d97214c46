package dev.darkroom.worker.engine;

/**
 * What the engine is doing, as of its last step.
 *
 * @param waiting rows without a slot
 * @param running rows that hold one
 * @param forwards model calls so far
 * @param rowSteps rows advanced so far; over {@code forwards} it is the mean batch
 */
public record EngineLoad(int waiting, int running, long forwards, long rowSteps) {
  static final EngineLoad NONE = new EngineLoad(0, 0, 0, 0);
}
