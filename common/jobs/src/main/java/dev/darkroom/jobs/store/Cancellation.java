package dev.darkroom.jobs.store;

/** What a request to cancel met. */
public enum Cancellation {
  /** The job was waiting: it is canceled now. */
  CANCELED,
  /** The job runs: its worker is to be told, and ends it within a step. */
  REQUESTED,
  /** The job had ended before. */
  DONE_BEFORE,
  /** There is no such job. */
  UNKNOWN
}
