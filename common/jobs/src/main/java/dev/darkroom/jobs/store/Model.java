package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.ModelName;
import java.time.Instant;
import java.util.Optional;

/**
 * A model of the registry.
 *
 * @param latest its newest version, where it has one
 */
public record Model(
    ModelName name,
    String tenant,
    String description,
    Visibility visibility,
    Instant createdAt,
    Optional<ModelVersion> latest) {

  /** Who sees a model. */
  public enum Visibility {
    PUBLIC,
    PRIVATE
  }
}
