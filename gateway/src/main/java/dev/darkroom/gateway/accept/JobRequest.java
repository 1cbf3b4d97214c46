package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.store.NewJob;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request for a job, authenticated and read, not yet validated.
 *
 * @param tenant who asks
 * @param path where it was posted; with the body it says what was asked
 * @param idempotencyKey the caller's, where it sent one
 * @param cancelAfter the header of that name, where it came
 */
public record JobRequest(
    String tenant,
    String path,
    JsonBody body,
    @Nullable String idempotencyKey,
    @Nullable String cancelAfter) {
  private static final int MAX_KEY = 255;

  public JobRequest {
    if (idempotencyKey != null && (idempotencyKey.isEmpty() || idempotencyKey.length() > MAX_KEY)) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "Idempotency-Key: expected 1 to %d characters, got %d"
              .formatted(MAX_KEY, idempotencyKey.length()));
    }
  }

  /** The key as the store takes it: the same key with another path or body is a conflict. */
  Optional<NewJob.IdempotencyKey> storedKey() {
    return Optional.ofNullable(idempotencyKey)
        .map(key -> new NewJob.IdempotencyKey(key, Sha256.of(path + "\n" + body.hash())));
  }

  /**
   * How long after its creation the job is to be ended at the latest.
   *
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} where the header says no such time
   */
  Optional<Duration> lifetime() {
    return CancelAfter.parse(cancelAfter);
  }

  /** What recognises a repetition that carries no key. */
  RepeatedPosts.Key repetitionKey() {
    return new RepeatedPosts.Key(tenant, path, body.hash());
  }
}
