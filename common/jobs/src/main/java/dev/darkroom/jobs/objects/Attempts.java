package dev.darkroom.jobs.objects;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.errors.ServerException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Calls to the object store with typed errors. What may pass (no connection, a time-out, 429, 5xx,
 * a body cut short or damaged on its way) is tried again a few times.
 */
final class Attempts {
  private static final List<Duration> WAITS =
      List.of(Duration.ofMillis(100), Duration.ofMillis(400), Duration.ofMillis(1600));

  private Attempts() {}

  /** A call to the store. */
  interface Call<T> {
    T run() throws MinioException, IOException;
  }

  static <T> T of(String key, Call<T> call) {
    return run(key, call, WAITS);
  }

  static <T> T once(String key, Call<T> call) {
    return run(key, call, List.of());
  }

  /** As {@link #of}, but that nothing is there is an answer. */
  static <T> Optional<T> find(String key, Call<T> call) {
    try {
      return Optional.of(of(key, call));
    } catch (DarkroomException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static <T> T run(String key, Call<T> call, List<Duration> waits) {
    for (int attempt = 0; ; attempt++) {
      DarkroomException failure;
      try {
        return call.run();
      } catch (MinioException | IOException e) {
        failure = typed(key, e);
      } catch (DarkroomException e) {
        failure = e;
      } catch (IllegalStateException | CompletionException e) {
        // What the SDK makes of a refused connection.
        if (!(e.getCause() instanceof IOException cause)) {
          throw e;
        }
        failure = typed(key, cause);
      }
      boolean passing =
          failure.code() == ErrorCode.STORAGE_UNAVAILABLE
              || failure.code() == ErrorCode.CORRUPT_OBJECT;
      if (!passing || attempt >= waits.size() || Thread.currentThread().isInterrupted()) {
        throw failure;
      }
      LockSupport.parkNanos(waits.get(attempt).toNanos());
    }
  }

  private static DarkroomException typed(String key, Exception e) {
    if (e instanceof ErrorResponseException refused) {
      String reason = String.valueOf(refused.errorResponse().code());
      int status = refused.response().code();
      if (reason.equals("NoSuchKey") || reason.equals("NoSuchObject") || status == 404) {
        return new DarkroomException(
            ErrorCode.NOT_FOUND, "object %s: not in the store".formatted(key), e);
      }
      if (status < 500 && status != 429) {
        return new DarkroomException(
            ErrorCode.INTERNAL,
            "object %s: the store refused with %d %s".formatted(key, status, reason),
            e);
      }
      return unavailable(key, status + " " + reason, e);
    }
    if (e instanceof ServerException server) {
      return unavailable(key, String.valueOf(server.getMessage()), e);
    }
    if (e instanceof MinioException && e.getCause() instanceof IOException cause) {
      return io(key, cause);
    }
    if (e instanceof IOException io) {
      return io(key, io);
    }
    return unavailable(key, String.valueOf(e.getMessage()), e);
  }

  private static DarkroomException io(String key, IOException e) {
    if (e instanceof FileSystemException || isDiskFull(e)) {
      return local(Path.of(key), e);
    }
    if (e instanceof EOFException || isCutShort(e)) {
      return new DarkroomException(
          ErrorCode.CORRUPT_OBJECT, "object %s: the body was cut short".formatted(key), e);
    }
    if (e instanceof InterruptedIOException && Thread.currentThread().isInterrupted()) {
      return unavailable(key, "interrupted", e);
    }
    return unavailable(key, e.toString(), e);
  }

  /** What a local file's error means. */
  static DarkroomException local(Path file, IOException e) {
    return isDiskFull(e)
        ? new DarkroomException(
            ErrorCode.OUT_OF_DISK, "the disk is full while writing %s".formatted(file), e)
        : new DarkroomException(ErrorCode.INTERNAL, "file %s: %s".formatted(file, e.toString()), e);
  }

  private static boolean isDiskFull(IOException e) {
    return mentions(e, "No space left on device") || mentions(e, "Disk quota exceeded");
  }

  private static boolean isCutShort(IOException e) {
    return mentions(e, "unexpected end of stream");
  }

  private static boolean mentions(IOException e, String text) {
    @Nullable String message = e.getMessage();
    return message != null && message.contains(text);
  }

  private static DarkroomException unavailable(String key, String reason, Exception e) {
    return new DarkroomException(
        ErrorCode.STORAGE_UNAVAILABLE,
        "the object store does not answer for %s: %s".formatted(key, reason),
        e);
  }
}
