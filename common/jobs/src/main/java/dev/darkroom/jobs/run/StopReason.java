package dev.darkroom.jobs.run;

/** Why a job is not to be run on. */
public enum StopReason {
  /** Its owner asked for the end. */
  CANCELED,
  /** This process shuts down; the job goes on elsewhere. */
  DRAINING,
  /** Another worker has taken over; nothing that happens here counts any more. */
  FENCED
}
