package dev.darkroom.jobs.job;

/** What happens to a job's Kafka record once its attempt is over. */
public enum Acknowledgement {
  /** Done with: the record is never delivered again. */
  ACCEPT,
  /** Handed back: the record is delivered to whoever asks next. */
  RELEASE,
  /** Given up: the record goes to the dead-letter topic. */
  REJECT
}
