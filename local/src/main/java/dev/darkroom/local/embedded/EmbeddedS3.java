package dev.darkroom.local.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/**
 * An S3 store over a folder, inside this JVM: a bucket is a sub-folder, an object a file.
 *
 * <p>Signatures (version 4) and the expiry of presigned URLs are enforced. Lifecycle rules, tags
 * and versioning are not there.
 */
public final class EmbeddedS3 implements AutoCloseable {
  private static final String BUCKET = "darkroom";
  private static final String REGION = "us-east-1";

  private final S3Proxy server;
  private final int port;
  private final String accessKey;
  private final String secretKey;

  private EmbeddedS3(S3Proxy server, int port, String accessKey, String secretKey) {
    this.server = server;
    this.port = port;
    this.accessKey = accessKey;
    this.secretKey = secretKey;
  }

  /**
   * Starts the store with the bucket {@code darkroom}; returns when it takes requests.
   *
   * @param dataDir the folder of buckets; kept on close
   * @param port on 127.0.0.1, or 0 for a free one
   * @param accessKey the only identity that may read and write
   * @param secretKey its secret
   */
  public static EmbeddedS3 start(Path dataDir, int port, String accessKey, String secretKey) {
    int s3Port = FreePort.check(port, "S3");
    try {
      Files.createDirectories(dataDir.resolve(BUCKET));
      var server =
          S3Proxy.builder()
              .blobStore(new FilesystemNio2BlobStore(dataDir.toString()))
              .endpoint(java.net.URI.create("http://127.0.0.1:" + s3Port))
              .awsAuthentication(AuthenticationType.AWS_V4, accessKey, secretKey)
              .ignoreUnknownHeaders(true)
              // A chunked upload is spooled in memory up to this size; parts of a multipart upload
              // are 5 MB and more.
              .v4MaxChunkSize(16 << 20)
              .v4MaxNonChunkedRequestSize(128 << 20)
              .jettyMaxThreads(48)
              // Idle keep-alive connections would hold up a graceful stop to its limit.
              .stopTimeout(0)
              .build();
      server.start();
      return new EmbeddedS3(server, s3Port, accessKey, secretKey);
    } catch (Exception e) {
      throw new EmbeddedServiceException(
          "S3 does not start on %s: %s".formatted(dataDir, e.getMessage()), e);
    }
  }

  public String endpoint() {
    return "http://127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  public String accessKey() {
    return accessKey;
  }

  public String secretKey() {
    return secretKey;
  }

  public String region() {
    return REGION;
  }

  /** The one bucket that exists from the start. */
  public String bucket() {
    return BUCKET;
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new EmbeddedServiceException("S3 does not stop: " + e.getMessage(), e);
    }
  }
}
