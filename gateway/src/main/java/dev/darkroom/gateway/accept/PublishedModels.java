package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.store.ModelRegistry;
import dev.darkroom.jobs.store.ModelVersion;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The model versions that requests name, with their schemas compiled. What a name means is
 * remembered for a second, so that a flood of requests is not a flood of look-ups; what does not
 * exist is asked about each time.
 */
public final class PublishedModels {
  private static final Duration TRUST = Duration.ofSeconds(1);
  private static final int MAX_REMEMBERED = 256;

  private final ModelRegistry registry;
  private final Clock clock;
  private final Predicate<ModelName> isOnItsWay;
  private final Map<ModelReference, Known> known = new ConcurrentHashMap<>();

  /**
   * A version that can be asked for.
   *
   * @param inputs of its predictions
   * @param trainingInputs of trainings that start from it
   */
  public record Published(
      ModelName model, Sha256 version, ModelInputs inputs, ModelInputs trainingInputs) {}

  private record Known(Published published, Instant until) {}

  /**
   * @param isOnItsWay whether a model that does not exist is about to
   */
  public PublishedModels(ModelRegistry registry, Clock clock, Predicate<ModelName> isOnItsWay) {
    this.registry = registry;
    this.clock = clock;
    this.isOnItsWay = isOnItsWay;
  }

  /** The version that a reference means, or empty where there is none. */
  public Optional<Published> find(ModelReference reference) {
    Instant now = clock.instant();
    Known remembered = known.get(reference);
    if (remembered != null && now.isBefore(remembered.until())) {
      return Optional.of(remembered.published());
    }
    Optional<ModelVersion> version =
        switch (reference) {
          case ModelReference.Latest(ModelName model) -> registry.latest(model);
          case ModelReference.Exact(ModelName model, Sha256 id) -> registry.version(model, id);
          case ModelReference.Bare(Sha256 id) -> registry.version(id);
        };
    if (known.size() >= MAX_REMEMBERED) {
      known.clear();
    }
    if (version.isEmpty()) {
      known.remove(reference);
      return Optional.empty();
    }
    Published published =
        remembered != null && isSame(remembered.published(), version.get())
            ? remembered.published()
            : compile(version.get());
    known.put(reference, new Known(published, now.plus(TRUST)));
    return Optional.of(published);
  }

  /** As {@link #find}, with one sentence where there is none. */
  public Published get(ModelReference reference) {
    return find(reference).orElseThrow(() -> missing(reference));
  }

  private DarkroomException missing(ModelReference reference) {
    return switch (reference) {
      case ModelReference.Latest(ModelName model) when isOnItsWay.test(model) ->
          new DarkroomException(
              ErrorCode.STORAGE_UNAVAILABLE,
              "model: %s is still being imported; try again in a moment".formatted(model));
      case ModelReference.Latest(ModelName model) ->
          new DarkroomException(
              ErrorCode.NOT_FOUND,
              "model: %s does not exist, or has no version yet; GET /v1/models lists all"
                  .formatted(model));
      case ModelReference.Exact(ModelName model, Sha256 id) ->
          new DarkroomException(
              ErrorCode.NOT_FOUND, "version: %s has no version %s".formatted(model, id));
      case ModelReference.Bare(Sha256 id) ->
          new DarkroomException(
              ErrorCode.NOT_FOUND, "version: no model has a version %s".formatted(id));
    };
  }

  private static boolean isSame(Published known, ModelVersion stored) {
    return known.model().equals(stored.model()) && known.version().equals(stored.id());
  }

  private static Published compile(ModelVersion version) {
    return new Published(
        version.model(),
        version.id(),
        ModelInputs.of(version.schema(), "Input"),
        ModelInputs.of(version.schema(), "TrainingInput"));
  }
}
