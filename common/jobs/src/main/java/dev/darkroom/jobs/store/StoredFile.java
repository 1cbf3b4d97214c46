package dev.darkroom.jobs.store;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.Sha256;
import java.time.Instant;
import java.util.Optional;

/**
 * A file that a caller uploaded; its bytes lie at {@code ObjectLayout.file(id)}.
 *
 * @param md5 32 hexadecimal digits, because clients ask for it
 * @param metadata an object, as the caller sent it
 */
public record StoredFile(
    String id,
    String tenant,
    String name,
    String contentType,
    long size,
    Sha256 sha256,
    String md5,
    JsonNode metadata,
    Instant createdAt,
    Optional<Instant> expiresAt) {}
