package dev.darkroom.jobs.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Every way in which the platform fails, by name. The kind and the three switches below are the
 * only places that decide what an error means for a caller, for a retry and for a record.
 */
public enum ErrorCode {
  /** A value is missing, of the wrong type or out of range. */
  INVALID_INPUT,
  /** A dataset is no archive, holds a broken picture, or nothing to train on. */
  INVALID_DATASET,
  /** No valid token came with the request. */
  UNAUTHENTICATED,
  /** The thing named does not exist, or is not the caller's. */
  NOT_FOUND,
  /**
   * The thing exists already in another form, or an idempotency key came back with another body.
   */
  CONFLICT,
  /** The body or file is larger than allowed. */
  TOO_LARGE,
  /** More requests than allowed: wait. */
  RATE_LIMITED,
  /** Postgres does not answer. */
  DATABASE_UNAVAILABLE,
  /** Kafka does not answer. */
  QUEUE_UNAVAILABLE,
  /** The object store does not answer. */
  STORAGE_UNAVAILABLE,
  /** The device or the heap is full. */
  OUT_OF_MEMORY,
  /** The local disk is full. */
  OUT_OF_DISK,
  /** An object's bytes are not those that were stored. */
  CORRUPT_OBJECT,
  /** A model or checkpoint does not verify. */
  CORRUPT_CHECKPOINT,
  /** The process that ran the job died, more than once. */
  WORKER_CRASHED,
  /** A defect of ours. */
  INTERNAL,
  /** The owner asked for the end. */
  CANCELED;

  /** Whose turn it is. */
  public ErrorKind kind() {
    return switch (this) {
      case INVALID_INPUT,
          INVALID_DATASET,
          UNAUTHENTICATED,
          NOT_FOUND,
          CONFLICT,
          TOO_LARGE,
          RATE_LIMITED ->
          ErrorKind.USER;
      case DATABASE_UNAVAILABLE,
          QUEUE_UNAVAILABLE,
          STORAGE_UNAVAILABLE,
          OUT_OF_MEMORY,
          OUT_OF_DISK ->
          ErrorKind.CAPACITY;
      case CORRUPT_OBJECT, CORRUPT_CHECKPOINT, WORKER_CRASHED, INTERNAL -> ErrorKind.INTERNAL;
      case CANCELED -> ErrorKind.CANCELED;
    };
  }

  /** The status of an HTTP answer that reports this error. */
  public int httpStatus() {
    return switch (this) {
      case INVALID_INPUT, INVALID_DATASET -> 422;
      case UNAUTHENTICATED -> 401;
      case NOT_FOUND -> 404;
      case CONFLICT -> 422;
      case TOO_LARGE -> 413;
      case RATE_LIMITED -> 429;
      case DATABASE_UNAVAILABLE,
          QUEUE_UNAVAILABLE,
          STORAGE_UNAVAILABLE,
          OUT_OF_MEMORY,
          OUT_OF_DISK ->
          503;
      case CORRUPT_OBJECT, CORRUPT_CHECKPOINT, WORKER_CRASHED, INTERNAL -> 500;
      case CANCELED -> 409;
    };
  }

  /** Whether the same attempt may be made again without a change by anybody. */
  public boolean isRetryable() {
    return switch (kind()) {
      case CAPACITY -> true;
      case USER, INTERNAL, CANCELED -> false;
    };
  }

  /** What becomes of the record of a job that ended with this error. */
  public Acknowledgement acknowledgement() {
    return switch (kind()) {
      case USER, CANCELED -> Acknowledgement.ACCEPT;
      case CAPACITY, INTERNAL -> Acknowledgement.REJECT;
    };
  }

  /** The lower-case name that the database and the wire use. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The code of a {@link #text()}. */
  @JsonCreator
  public static ErrorCode of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
