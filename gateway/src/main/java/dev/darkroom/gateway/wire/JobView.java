package dev.darkroom.gateway.wire;

import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.WebhookEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shows a stored job as Replicate's clients read it. */
public final class JobView {
  private final Links links;

  public JobView(Links links) {
    this.links = links;
  }

  /** The job as it is stored. */
  public Prediction of(Job job) {
    return new Prediction(
        job.id().value(),
        job.model().toString(),
        job.version().hex(),
        job.input(),
        job.result().map(this::output).orElse(null),
        logs(job),
        job.error().map(JobError::message).orElse(null),
        Status.of(job),
        job.source(),
        false,
        metrics(job),
        job.createdAt(),
        job.startedAt().orElse(null),
        job.completedAt().orElse(null),
        job.deadline().orElse(null),
        job.webhook().map(w -> w.url()).orElse(null),
        job.webhook()
            .map(w -> w.events().stream().sorted().map(WebhookEvent::text).toList())
            .orElse(List.of()),
        links.job(job.kind(), job.id()));
  }

  private @Nullable Object output(Result result) {
    return switch (result) {
      case Result.Images images -> images.files().stream().map(links::output).toList();
      case Result.Trained trained ->
          new Prediction.TrainingOutput(
              trained.model() + ":" + trained.version(),
              links.version(trained.model(), trained.version()));
    };
  }

  /** The seed, as models on Replicate tell it, and the job's log, which ends with its progress. */
  private static String logs(Job job) {
    long seed =
        switch (job.spec()) {
          case GenerationSpec spec -> spec.seed();
          case TrainingSpec spec -> spec.seed();
        };
    return job.attempt() == 0 ? job.logs() : "Using seed: " + seed + "\n" + job.logs();
  }

  private static Map<String, Double> metrics(Job job) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    put(metrics, "predict_time", job.startedAt(), job.completedAt());
    put(metrics, "total_time", Optional.of(job.createdAt()), job.completedAt());
    metrics.putAll(job.metrics());
    return metrics;
  }

  private static void put(
      Map<String, Double> metrics, String name, Optional<Instant> start, Optional<Instant> end) {
    if (start.isPresent() && end.isPresent()) {
      metrics.put(name, Duration.between(start.get(), end.get()).toNanos() / 1e9);
    }
  }
}
