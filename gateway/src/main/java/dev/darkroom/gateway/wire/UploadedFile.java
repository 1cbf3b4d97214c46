package dev.darkroom.gateway.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An uploaded file as Replicate's clients read it. */
public record UploadedFile(
    String id,
    String name,
    String contentType,
    long size,
    String etag,
    Checksums checksums,
    JsonNode metadata,
    Instant createdAt,
    @Nullable Instant expiresAt,
    Urls urls) {

  /** Of its bytes, in hexadecimal digits. */
  public record Checksums(String sha256, String md5) {}

  /** Where it is; the same URL is taken as an input. */
  public record Urls(String get) {}
}
