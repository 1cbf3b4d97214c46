package dev.darkroom.trainer.wiring;

import ai.djl.Device;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.process.JobProcess;
import dev.darkroom.jobs.run.CrashPoint;
import dev.darkroom.trainer.service.TrainerSettings;
import dev.darkroom.trainer.service.TrainingWorker;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import javax.sql.DataSource;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.jspecify.annotations.Nullable;

/** Builds the trainer when the process starts, and drains it before the process ends. */
@Readiness
@ApplicationScoped
public class TrainerProcess implements HealthCheck {
  private final TrainerConfig config;
  private final DataSource database;
  private final MeterRegistry meters;
  private @Nullable JobProcess<TrainingWorker> process;

  public TrainerProcess(TrainerConfig config, DataSource database, MeterRegistry meters) {
    this.config = config;
    this.database = database;
    this.meters = meters;
  }

  void start(@Observes StartupEvent event) {
    JobProcess<TrainingWorker> started =
        new JobProcess<>(
            JobKind.TRAINING,
            config,
            database,
            meters,
            (name, objects) ->
                new TrainingWorker(
                    settings(name), database, objects, CrashPoint.fromSystemProperty()));
    process = started;
    started.gauge("darkroom.trainer.jobs", "Jobs in hand", TrainingWorker::jobs);
    started.gauge(
        "darkroom.trainer.step.seconds",
        "Seconds of an optimizer step, lately",
        trainer -> trainer.meter().secondsPerStep());
    started.gauge("darkroom.trainer.loss", "Loss, lately", trainer -> trainer.meter().loss());
    started.counter(
        "darkroom.trainer.steps", "Optimizer steps done", trainer -> trainer.meter().steps());
    started.counter(
        "darkroom.trainer.checkpoints",
        "Checkpoints stored",
        trainer -> trainer.meter().checkpoints());
  }

  void stop(@Observes ShutdownEvent event) {
    if (process != null) {
      process.close();
    }
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("takes jobs")
        .status(process != null && process.isReady())
        .build();
  }

  private TrainerSettings settings(String name) {
    return new TrainerSettings(
        config.kafka().bootstrapServers(),
        name,
        config.pool(),
        config.lease(),
        switch (config.device()) {
          case CPU -> Device.cpu();
          case GPU -> Device.gpu();
        },
        config.trainer().threads().orElseGet(() -> Runtime.getRuntime().availableProcessors()),
        config.cache().dir(),
        config.cache().maxBytes());
  }
}
