package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.StoredObject;
import dev.darkroom.jobs.store.FileStore;
import dev.darkroom.jobs.store.StoredFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Optional;

/** Stores uploaded files: the bytes first, then the row that makes them exist. */
public final class FileIntake {
  /** Of a file that came without. */
  public static final JsonNode NO_METADATA = JsonNodeFactory.instance.objectNode();

  private static final int MAX_NAME = 255;
  private static final int MAX_METADATA = 64 << 10;

  private final FileStore store;
  private final ObjectStore objects;
  private final Clock clock;
  private final Duration lifetime;
  private final long maxBytes;

  /**
   * A file as it came.
   *
   * @param content where its bytes lie until they are stored
   * @param contentType as the client says; what the bytes look like counts more
   * @param metadata an object of the caller's
   */
  public record Upload(Path content, String name, String contentType, JsonNode metadata) {}

  /**
   * @param lifetime after which a file is deleted
   * @param maxBytes largest file
   */
  public FileIntake(
      FileStore store, ObjectStore objects, Clock clock, Duration lifetime, long maxBytes) {
    this.store = store;
    this.maxBytes = maxBytes;
    this.objects = objects;
    this.clock = clock;
    this.lifetime = lifetime;
  }

  /** Stores a file, durably when this returns. */
  public StoredFile store(String tenant, Upload upload) {
    if (!upload.metadata().isObject() || upload.metadata().toString().length() > MAX_METADATA) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "metadata: expected a JSON object of at most %d characters, got another value"
              .formatted(MAX_METADATA));
    }
    long size = size(upload.content());
    if (size > maxBytes) {
      throw new DarkroomException(
          ErrorCode.TOO_LARGE,
          "content: expected at most %d bytes, got %d".formatted(maxBytes, size));
    }
    String id = JobId.next().value();
    String type = MediaTypes.of(upload.content(), upload.contentType());
    String md5 = md5(upload.content());
    StoredObject object = objects.put(ObjectLayout.file(id), upload.content(), type);
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    StoredFile file =
        new StoredFile(
            id,
            tenant,
            name(upload.name()),
            type,
            object.size(),
            object.sha256(),
            md5,
            upload.metadata(),
            now,
            Optional.of(now.plus(lifetime)));
    store.insert(file);
    return file;
  }

  private static String name(String name) {
    String plain = name.replaceAll("[\\p{Cntrl}/\\\\]", "_");
    return plain.length() <= MAX_NAME ? plain : plain.substring(plain.length() - MAX_NAME);
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw disk(e);
    }
  }

  private static String md5(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      byte[] buffer = new byte[1 << 16];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw disk(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has MD5", e);
    }
  }

  /** An empty file to fill. */
  static Path temporary() {
    try {
      return Files.createTempFile("darkroom-input-", "");
    } catch (IOException e) {
      throw disk(e);
    }
  }

  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw disk(e);
    }
  }

  private static DarkroomException disk(IOException e) {
    return new DarkroomException(
        ErrorCode.OUT_OF_DISK, "The gateway's disk does not take the file; try again later.", e);
  }
}
