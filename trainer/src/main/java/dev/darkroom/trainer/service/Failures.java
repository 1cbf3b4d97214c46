package dev.darkroom.trainer.service;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Shortage;

/** What the platform calls the ways in which a training fails. */
final class Failures {
  private Failures() {}

  /** The failure as the platform's exception, its message one sentence for the job's owner. */
  static DarkroomException typed(Throwable failure) {
    if (failure instanceof DarkroomException known) {
      return known;
    }
    return Shortage.behind(failure)
        .map(shortage -> typed(shortage, failure))
        .orElseGet(() -> otherwise(failure));
  }

  private static DarkroomException typed(Shortage shortage, Throwable failure) {
    return switch (shortage) {
      case MEMORY ->
          new DarkroomException(
              ErrorCode.OUT_OF_MEMORY,
              "the trainer ran out of memory; ask for a smaller batch or resolution, or give the trainer more",
              failure);
      case DISK ->
          new DarkroomException(
              ErrorCode.OUT_OF_DISK,
              "the trainer's disk is full; free space in its cache folder",
              failure);
    };
  }

  private static DarkroomException otherwise(Throwable failure) {
    return failure instanceof DiffusionException ours
        ? new DarkroomException(code(ours.kind()), String.valueOf(ours.getMessage()), ours)
        : new DarkroomException(ErrorCode.INTERNAL, "the trainer failed: " + failure, failure);
  }

  private static ErrorCode code(DiffusionException.Kind kind) {
    return switch (kind) {
      case BAD_INPUT -> ErrorCode.INVALID_INPUT;
      case BAD_CHECKPOINT -> ErrorCode.CORRUPT_CHECKPOINT;
      case INTERNAL -> ErrorCode.INTERNAL;
    };
  }
}
