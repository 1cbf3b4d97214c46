package dev.darkroom.jobs.message;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobKind;
import java.util.regex.Pattern;

/** The names of topics and groups. */
public final class Topic {
  /** Broadcast to all workers: {@link Control}. */
  public static final String CONTROL = "control";

  /** Broadcast to all gateways: {@link Event}, keyed by job. */
  public static final String EVENTS = "events";

  /** The pool of those that name none. */
  public static final String DEFAULT_POOL = "default";

  private static final Pattern POOL = Pattern.compile("[a-z0-9][a-z0-9-]{0,40}");

  private Topic() {}

  /** The topic that jobs of a kind wait on for a pool of workers. */
  public static String jobs(JobKind kind, String pool) {
    return kind.text() + "." + checked(pool);
  }

  /** The share group of the workers of that topic. */
  public static String group(JobKind kind, String pool) {
    return switch (kind) {
      case GENERATION -> "workers." + checked(pool);
      case TRAINING -> "trainers." + checked(pool);
    };
  }

  /** Where a topic's given-up records go. */
  public static String deadLetters(String topic) {
    return "dlq." + topic;
  }

  private static String checked(String pool) {
    if (!POOL.matcher(pool).matches()) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "pool: expected up to 41 lower-case letters, digits and dashes, got \"%s\""
              .formatted(pool.substring(0, Math.min(pool.length(), 60))));
    }
    return pool;
  }
}
