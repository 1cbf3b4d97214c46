package dev.darkroom.jobs.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * A job's name: 26 characters of lower-case Crockford base32, 48 bits of milliseconds and then 80
 * random bits, so that ids sort by the time they were made and cannot be guessed.
 */
public record JobId(@JsonValue String value) implements Comparable<JobId> {
  private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final int LENGTH = 26;
  private static final SecureRandom RANDOM = new SecureRandom();

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public JobId {
    if (!isValid(value)) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "job id: expected 26 characters of Crockford base32, got \"%s\""
              .formatted(value.substring(0, Math.min(value.length(), 40))));
    }
  }

  /** Whether {@code text} has the form of an id; what a path parameter is asked before a lookup. */
  public static boolean isValid(String text) {
    return text.length() == LENGTH
        && text.charAt(0) <= '7'
        && text.chars().allMatch(c -> ALPHABET.indexOf(c) >= 0);
  }

  /** A new id for now. */
  public static JobId next() {
    return at(Instant.now(), RANDOM);
  }

  /** The id of an instant, with its random part from {@code random}. */
  public static JobId at(Instant instant, RandomGenerator random) {
    char[] text = new char[LENGTH];
    long millis = instant.toEpochMilli();
    for (int i = 9; i >= 0; i--, millis >>>= 5) {
      text[i] = ALPHABET.charAt((int) (millis & 31));
    }
    byte[] bytes = new byte[LENGTH - 10];
    random.nextBytes(bytes);
    for (int i = 0; i < bytes.length; i++) {
      text[10 + i] = ALPHABET.charAt(bytes[i] & 31);
    }
    return new JobId(new String(text));
  }

  @Override
  public int compareTo(JobId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
