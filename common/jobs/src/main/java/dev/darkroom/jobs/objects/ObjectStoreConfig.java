package dev.darkroom.jobs.objects;

import java.net.URI;

/**
 * How to reach an S3 object store.
 *
 * @param endpoint where this process reaches it
 * @param publicEndpoint what presigned URLs name, for clients outside
 */
public record ObjectStoreConfig(
    URI endpoint,
    URI publicEndpoint,
    String accessKey,
    String secretKey,
    String bucket,
    String region) {

  /** Without the secret. */
  @Override
  public String toString() {
    return "%s/%s (public %s)".formatted(endpoint, bucket, publicEndpoint);
  }
}
