package dev.darkroom.worker.wiring;

import ai.djl.Device;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.process.JobProcess;
import dev.darkroom.jobs.run.CrashPoint;
import dev.darkroom.worker.service.GenerationWorker;
import dev.darkroom.worker.service.WorkerSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import javax.sql.DataSource;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.jspecify.annotations.Nullable;

/** Builds the worker when the process starts, and drains it before the process ends. */
@Readiness
@ApplicationScoped
public class WorkerProcess implements HealthCheck {
  /**
   * A generation takes seconds: to let it end is often quicker than to begin it again elsewhere.
   */
  private static final Duration GRACE = Duration.ofSeconds(3);

  private final WorkerConfig config;
  private final DataSource database;
  private final MeterRegistry meters;
  private @Nullable JobProcess<GenerationWorker> process;

  public WorkerProcess(WorkerConfig config, DataSource database, MeterRegistry meters) {
    this.config = config;
    this.database = database;
    this.meters = meters;
  }

  void start(@Observes StartupEvent event) {
    // libtorch takes a second to start: while Kafka and the schema may still be on their way.
    TorchRuntime.start();
    JobProcess<GenerationWorker> started =
        new JobProcess<>(
            JobKind.GENERATION,
            config,
            database,
            meters,
            (name, objects) ->
                new GenerationWorker(
                    settings(name), database, objects, CrashPoint.fromSystemProperty()));
    process = started;
    started.gauge("darkroom.worker.jobs", "Jobs in hand", GenerationWorker::jobs);
    started.gauge("darkroom.worker.models", "Models in memory", GenerationWorker::models);
    started.gauge(
        "darkroom.worker.model.bytes", "Bytes of models in memory", GenerationWorker::modelBytes);
    started.gauge(
        "darkroom.worker.rows.running", "Images under way", worker -> worker.load().running());
    started.gauge(
        "darkroom.worker.rows.waiting", "Images without a slot", worker -> worker.load().waiting());
    started.counter("darkroom.worker.forwards", "Model calls", worker -> worker.load().forwards());
    started.counter(
        "darkroom.worker.row.steps",
        "Images taken one step further",
        worker -> worker.load().rowSteps());
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

  private WorkerSettings settings(String name) {
    Device device =
        switch (config.device()) {
          case CPU -> Device.cpu();
          case GPU -> Device.gpu();
        };
    return new WorkerSettings(
        config.kafka().bootstrapServers(),
        name,
        config.pool(),
        config.worker().slots(),
        config.worker().lanes(),
        config.lease(),
        GRACE,
        device,
        Precision.parse(config.worker().dtype(), device),
        config.worker().modelMemory().orElseGet(WorkerProcess::halfOfTheMemory),
        config.cache().dir(),
        config.cache().maxBytes());
  }

  /** The JVM knows a container's limit. */
  private static long halfOfTheMemory() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
            .getTotalMemorySize()
        / 2;
  }
}
