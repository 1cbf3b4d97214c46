package dev.darkroom.jobs.objects;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.UploadObjectArgs;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;

/**
 * One bucket of an S3 object store. What is read is compared with the hash or the length that the
 * caller knows, so a truncated or damaged body is an error and never data.
 *
 * <p>All methods throw {@link DarkroomException}: {@code STORAGE_UNAVAILABLE} where the store does
 * not answer after a few attempts, {@code NOT_FOUND} where there is no such object, {@code
 * CORRUPT_OBJECT} where the bytes are not those expected.
 */
public final class ObjectStore implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final Duration READ = Duration.ofSeconds(20);
  private static final long PART = 16L << 20;

  private final MinioClient client;
  private final MinioClient signer;
  private final OkHttpClient http;
  private final String bucket;

  public ObjectStore(ObjectStoreConfig config) {
    http =
        new OkHttpClient.Builder()
            .connectTimeout(CONNECT)
            .readTimeout(READ)
            .writeTimeout(READ)
            .build();
    client = client(config, config.endpoint());
    signer = client(config, config.publicEndpoint());
    bucket = config.bucket();
  }

  private MinioClient client(ObjectStoreConfig config, URI endpoint) {
    return MinioClient.builder()
        .endpoint(endpoint.toString())
        .region(config.region())
        .credentials(config.accessKey(), config.secretKey())
        .httpClient(http)
        .build();
  }

  /** Makes the bucket where there is none. */
  public void createBucket() {
    Attempts.of(
        "bucket " + bucket,
        () -> {
          if (!client.bucketExists(BucketExistsArgs.builder().bucket(bucket).build())) {
            client.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
          }
          return bucket;
        });
  }

  /** Stores bytes. */
  public StoredObject put(String key, byte[] bytes, String contentType) {
    return Attempts.of(
        key,
        () -> {
          client.putObject(
              PutObjectArgs.builder()
                  .bucket(bucket)
                  .object(key)
                  .data(bytes, bytes.length)
                  .contentType(contentType)
                  .build());
          return new StoredObject(key, bytes.length, Sha256.of(bytes));
        });
  }

  /** Stores a file, in parts where it is large. */
  public StoredObject put(String key, Path file, String contentType) {
    StoredObject object = hashed(key, file);
    return Attempts.of(
        key,
        () -> {
          client.uploadObject(
              UploadObjectArgs.builder()
                  .bucket(bucket)
                  .object(key)
                  .filename(file.toString(), PART)
                  .contentType(contentType)
                  .build());
          checkStored(object);
          return object;
        });
  }

  /**
   * Stores what a stream holds; the stream is read once, so there is no second attempt.
   *
   * @param size what the stream must hold, in bytes
   */
  public StoredObject put(String key, InputStream stream, long size, String contentType) {
    MessageDigest digest = Sha256.digest();
    return Attempts.once(
        key,
        () -> {
          client.putObject(
              PutObjectArgs.builder().bucket(bucket).object(key).stream(
                      new DigestInputStream(stream, digest), size, PART)
                  .contentType(contentType)
                  .build());
          StoredObject object = new StoredObject(key, size, Sha256.of(digest));
          checkStored(object);
          return object;
        });
  }

  /**
   * Whether the store has as many bytes as were sent: a multipart upload says only that it ended.
   */
  private void checkStored(StoredObject object) {
    long size = stat(object.key()).map(ObjectInfo::size).orElse(-1L);
    if (size != object.size()) {
      throw corrupt(object.key(), object.size() + " bytes", size + " bytes");
    }
  }

  /**
   * An object's bytes, verified.
   *
   * @param maxSize most bytes that are read into memory
   */
  public byte[] get(String key, Sha256 sha256, int maxSize) {
    byte[] bytes = get(key, maxSize);
    Sha256 actual = Sha256.of(bytes);
    if (!actual.equals(sha256)) {
      throw corrupt(key, "sha256 " + sha256, actual.toString());
    }
    return bytes;
  }

  /** An object's bytes as the store has them, complete by its own length. */
  public byte[] get(String key, int maxSize) {
    return Attempts.of(
        key,
        () -> {
          try (InputStream body = body(key)) {
            byte[] bytes = body.readNBytes(maxSize + 1);
            if (bytes.length > maxSize) {
              throw new DarkroomException(
                  ErrorCode.TOO_LARGE,
                  "object %s: expected at most %d bytes, got more".formatted(key, maxSize));
            }
            return bytes;
          }
        });
  }

  /**
   * Writes an object to a file, verified: the file appears whole or not at all.
   *
   * @param size bytes, checked as they arrive so that a lying store does not fill the disk
   */
  public void download(String key, Sha256 sha256, long size, Path target) {
    Attempts.of(
        key,
        () -> {
          Path partial =
              Files.createTempFile(
                  target.toAbsolutePath().getParent(), target.getFileName() + ".", ".partial");
          try (InputStream body = body(key)) {
            MessageDigest digest = Sha256.digest();
            long copied = copy(body, partial, digest, size);
            Sha256 actual = Sha256.of(digest);
            if (copied != size || !actual.equals(sha256)) {
              throw corrupt(
                  key,
                  "%d bytes of sha256 %s".formatted(size, sha256),
                  "%d of %s".formatted(copied, actual));
            }
            Files.move(
                partial,
                target,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
            return target;
          } finally {
            Files.deleteIfExists(partial);
          }
        });
  }

  private static long copy(InputStream body, Path file, MessageDigest digest, long size)
      throws IOException {
    byte[] buffer = new byte[1 << 16];
    long copied = 0;
    try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.WRITE)) {
      int count = body.read(buffer);
      while (count >= 0 && copied <= size) {
        digest.update(buffer, 0, count);
        out.write(buffer, 0, count);
        copied += count;
        count = body.read(buffer);
      }
    }
    return copied;
  }

  /**
   * An object's bytes from {@code offset} on, to be read and closed by the caller. They are checked
   * for nothing but, by HTTP, their length.
   */
  public InputStream open(String key, long offset, long length) {
    return Attempts.of(
        key,
        () ->
            client.getObject(
                GetObjectArgs.builder()
                    .bucket(bucket)
                    .object(key)
                    .offset(offset)
                    .length(length)
                    .build()));
  }

  /** All of an object's bytes; as {@link #open(String, long, long)}. */
  public InputStream open(String key) {
    return Attempts.of(key, () -> body(key));
  }

  private InputStream body(String key) throws MinioException {
    return new BufferedInputStream(
        client.getObject(GetObjectArgs.builder().bucket(bucket).object(key).build()), 1 << 16);
  }

  /** What is known of an object, or empty where there is none. */
  public Optional<ObjectInfo> stat(String key) {
    return Attempts.find(
        key,
        () -> {
          StatObjectResponse stat =
              client.statObject(StatObjectArgs.builder().bucket(bucket).object(key).build());
          return new ObjectInfo(key, stat.size(), stat.etag(), stat.lastModified().toInstant());
        });
  }

  /** Whether there is such an object. */
  public boolean exists(String key) {
    return stat(key).isPresent();
  }

  /** The objects whose keys start with {@code prefix}, in the order of their keys. */
  public List<ObjectInfo> list(String prefix) {
    return Attempts.of(
        prefix,
        () -> {
          List<ObjectInfo> objects = new ArrayList<>();
          for (Result<Item> result :
              client.listObjects(
                  ListObjectsArgs.builder()
                      .bucket(bucket)
                      .prefix(prefix)
                      .recursive(true)
                      .build())) {
            Item item = result.get();
            objects.add(
                new ObjectInfo(
                    item.objectName(), item.size(), item.etag(), item.lastModified().toInstant()));
          }
          return objects;
        });
  }

  /** Deletes an object; one that is not there is no error. */
  public void delete(String key) {
    Attempts.find(
        key,
        () -> {
          client.removeObject(RemoveObjectArgs.builder().bucket(bucket).object(key).build());
          return key;
        });
  }

  /** Deletes all objects whose keys start with {@code prefix}; how many there were. */
  public int deleteAll(String prefix) {
    List<ObjectInfo> objects = list(prefix);
    objects.forEach(object -> delete(object.key()));
    return objects.size();
  }

  /** A URL at the public endpoint by which anybody may get the object until it expires. */
  public URI presignedGet(String key, Duration expiry) {
    return Attempts.once(
        key,
        () ->
            URI.create(
                signer.getPresignedObjectUrl(
                    GetPresignedObjectUrlArgs.builder()
                        .method(Http.Method.GET)
                        .bucket(bucket)
                        .object(key)
                        .expiry(Math.toIntExact(expiry.toSeconds()), TimeUnit.SECONDS)
                        .build())));
  }

  /** The hash and length of a file, as it would be stored under a key. */
  static StoredObject hashed(String key, Path file) {
    MessageDigest digest = Sha256.digest();
    byte[] buffer = new byte[1 << 16];
    long size = 0;
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
        size += count;
      }
    } catch (IOException e) {
      throw Attempts.local(file, e);
    }
    return new StoredObject(key, size, Sha256.of(digest));
  }

  private static DarkroomException corrupt(String key, String expected, String actual) {
    return new DarkroomException(
        ErrorCode.CORRUPT_OBJECT,
        "object %s: expected %s, got %s".formatted(key, expected, actual));
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }
}
