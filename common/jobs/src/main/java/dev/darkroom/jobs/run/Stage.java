package dev.darkroom.jobs.run;

/** The points of the pipeline, each safe to die after. */
public enum Stage {
  /** A record is in hand. */
  DELIVERED,
  /** Postgres says that the job is this worker's. */
  CLAIMED,
  /** The runner has returned; outputs are stored. */
  RAN,
  /** Postgres has the job's end. */
  COMMITTED,
  /** The record is settled. */
  SETTLED
}
