package dev.darkroom.trainer.loop;

/**
 * What a run meets outside itself; nothing here changes its result.
 *
 * @param checkpoints where it goes on from, and where it saves
 * @param listener hears of progress
 * @param stop may end it early
 */
public record Surroundings(
    CheckpointStore checkpoints, TrainingListener listener, StopSignal stop) {}
