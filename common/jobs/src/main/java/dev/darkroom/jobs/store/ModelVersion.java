package dev.darkroom.jobs.store;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import java.time.Instant;
import java.util.Optional;

/**
 * A version of a model: content-addressed files and the schema of its inputs.
 *
 * @param id the hash of its manifest
 * @param schema its OpenAPI document, with Input and Output as components
 * @param size bytes of all its files
 * @param source the training that made it
 */
public record ModelVersion(
    ModelName model,
    Sha256 id,
    JsonNode schema,
    long size,
    Optional<JobId> source,
    Instant createdAt) {}
