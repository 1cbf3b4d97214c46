package dev.darkroom.jobs.process;

import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.function.ToDoubleFunction;
import javax.sql.DataSource;

/**
 * The parts of a running process that takes jobs: the object store, the service, and its meters,
 * which read zero until it takes jobs.
 */
public final class JobProcess<T extends JobTaker> implements AutoCloseable {
  private final ObjectStore objects;
  private final JobService<T> service;
  private final MeterRegistry meters;

  /** Makes what takes the jobs. */
  public interface Begin<T> {
    /**
     * @param name who claims the jobs, unique among those alive
     * @param objects the store, which the process closes
     */
    T begin(String name, ObjectStore objects);
  }

  /** Begins to start, and returns at once. */
  public JobProcess(
      JobKind kind,
      ProcessConfig config,
      DataSource database,
      MeterRegistry meters,
      Begin<T> begin) {
    this.meters = meters;
    objects = new ObjectStore(objectStore(config.s3()));
    String name = config.workerName().orElseGet(JobProcess::hostAndPid);
    service =
        new JobService<>(
            new JobService.Source(config.kafka().bootstrapServers(), kind, config.pool()),
            database,
            () -> begin.begin(name, objects));
  }

  /** Whether it takes jobs. */
  public boolean isReady() {
    return service.taker().isPresent();
  }

  /** Publishes a value that goes up and down. */
  public void gauge(String name, String description, ToDoubleFunction<T> value) {
    Gauge.builder(name, this, process -> process.read(value))
        .description(description)
        .register(meters);
  }

  /** Publishes a value that only grows. */
  public void counter(String name, String description, ToDoubleFunction<T> value) {
    FunctionCounter.builder(name, this, process -> process.read(value))
        .description(description)
        .register(meters);
  }

  private double read(ToDoubleFunction<T> value) {
    return service.taker().map(value::applyAsDouble).orElse(0.0);
  }

  private static ObjectStoreConfig objectStore(ProcessConfig.S3 s3) {
    URI endpoint = URI.create(s3.endpoint());
    return new ObjectStoreConfig(
        endpoint,
        s3.publicEndpoint().map(URI::create).orElse(endpoint),
        s3.accessKey(),
        s3.secretKey(),
        s3.bucket(),
        s3.region());
  }

  private static String hostAndPid() {
    long pid = ProcessHandle.current().pid();
    try {
      return InetAddress.getLocalHost().getHostName() + "-" + pid;
    } catch (UnknownHostException e) {
      return "host-" + pid;
    }
  }

  @Override
  public void close() {
    service.close();
    objects.close();
  }
}
