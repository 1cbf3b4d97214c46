package dev.darkroom.gateway.dispatch;

/** The points of a release at which a crash is worth a test. */
public enum DispatchStage {
  /** Jobs are marked as dispatched, and Kafka knows nothing of them. */
  AFTER_TAKE,
  /** Kafka has their records, and Postgres does not know that it has. */
  AFTER_PUBLISH
}
