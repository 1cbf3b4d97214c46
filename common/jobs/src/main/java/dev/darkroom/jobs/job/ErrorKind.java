package dev.darkroom.jobs.job;

/** Whose turn it is after an error. */
public enum ErrorKind {
  /** The caller's: the same request fails again. */
  USER,
  /** Time's: something is down, full or exhausted, and the same request may pass later. */
  CAPACITY,
  /** Ours: a defect or damaged data; the same request would most likely fail again. */
  INTERNAL,
  /** Nobody's: the owner asked for the end. */
  CANCELED
}
