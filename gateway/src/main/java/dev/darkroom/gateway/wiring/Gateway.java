package dev.darkroom.gateway.wiring;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.gateway.accept.AcceptBatcher;
import dev.darkroom.gateway.accept.Acceptance;
import dev.darkroom.gateway.accept.FileIntake;
import dev.darkroom.gateway.accept.GenerationIntake;
import dev.darkroom.gateway.accept.InputFiles;
import dev.darkroom.gateway.accept.PublishedModels;
import dev.darkroom.gateway.accept.RepeatedPosts;
import dev.darkroom.gateway.accept.TrainingIntake;
import dev.darkroom.gateway.auth.SignedUrls;
import dev.darkroom.gateway.auth.TokenAuthority;
import dev.darkroom.gateway.live.EventStream;
import dev.darkroom.gateway.live.LiveJobs;
import dev.darkroom.gateway.net.GuardedHttp;
import dev.darkroom.gateway.rest.Cancel;
import dev.darkroom.gateway.rest.JobEndpoint;
import dev.darkroom.gateway.rest.UploadLimit;
import dev.darkroom.gateway.starter.StarterImport;
import dev.darkroom.gateway.webhook.WebhookSecret;
import dev.darkroom.gateway.wire.InlineOutputs;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.gateway.wire.Links;
import dev.darkroom.gateway.wire.RegistryView;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import dev.darkroom.jobs.store.FileStore;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.ModelRegistry;
import dev.darkroom.jobs.store.Outbox;
import dev.darkroom.jobs.store.TokenStore;
import dev.darkroom.jobs.store.WebhookStore;
import dev.darkroom.jobs.store.WorkerStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;

/** Puts together what answers requests; {@link Background} what runs beside them. */
@Singleton
final class Gateway {
  /** The tenant of the bootstrap token and of the starter model. */
  static final String FIRST_TENANT = "darkroom";

  private static final Duration ACCEPT_PATIENCE = Duration.ofSeconds(5);
  private static final Duration FILE_LIFETIME = Duration.ofDays(7);
  private static final Duration FETCH_TIMEOUT = Duration.ofMinutes(5);

  @Produces
  @Singleton
  Clock clock() {
    return Clock.systemUTC();
  }

  /** One form of JSON for the API, the database and the queue. */
  @Produces
  @Singleton
  ObjectMapper json() {
    return Json.mapper();
  }

  @Produces
  @Singleton
  JobStore jobs(DataSource source) {
    return new JobStore(source);
  }

  @Produces
  @Singleton
  Outbox outbox(DataSource source) {
    return new Outbox(source);
  }

  @Produces
  @Singleton
  WorkerStore workers(DataSource source) {
    return new WorkerStore(source);
  }

  @Produces
  @Singleton
  ModelRegistry registry(DataSource source) {
    return new ModelRegistry(source);
  }

  @Produces
  @Singleton
  FileStore files(DataSource source) {
    return new FileStore(source);
  }

  @Produces
  @Singleton
  WebhookStore webhooks(DataSource source) {
    return new WebhookStore(source);
  }

  @Produces
  @Singleton
  TokenStore tokens(DataSource source) {
    return new TokenStore(source);
  }

  @Produces
  @Singleton
  TokenAuthority authority(TokenStore tokens, Clock clock) {
    return new TokenAuthority(tokens, clock);
  }

  @Produces
  @Singleton
  ObjectStore objects(GatewayConfig config) {
    return new ObjectStore(
        new ObjectStoreConfig(
            URI.create(config.s3Endpoint()),
            URI.create(config.s3PublicEndpoint().orElse(config.s3Endpoint())),
            config.s3AccessKey(),
            config.s3SecretKey(),
            config.s3Bucket(),
            config.s3Region()));
  }

  void closeObjects(@Disposes ObjectStore objects) {
    objects.close();
  }

  /** All gateways sign with the same key, which lies in Postgres beside the webhooks' secret. */
  @Produces
  @Singleton
  SignedUrls signedUrls(WebhookStore webhooks, Clock clock, GatewayConfig config) {
    AtomicReference<byte[]> key = new AtomicReference<>(new byte[0]);
    return new SignedUrls(
        () ->
            key.updateAndGet(
                known ->
                    known.length > 0
                        ? known
                        : new WebhookSecret(webhooks.secret(FIRST_TENANT)).derive("signed URLs")),
        clock,
        config.urlLifetime());
  }

  @Produces
  @Singleton
  Links links(GatewayConfig config, SignedUrls signed) {
    return new Links(config.publicUrl(), signed);
  }

  @Produces
  @Singleton
  JobView jobView(Links links) {
    return new JobView(links);
  }

  @Produces
  @Singleton
  RegistryView registryView(Links links) {
    return new RegistryView(links);
  }

  @Produces
  @Singleton
  PublishedModels models(ModelRegistry registry, Clock clock, Background background) {
    return new PublishedModels(
        registry,
        clock,
        model -> model.equals(StarterImport.NAME) && background.isStarterOnItsWay());
  }

  @Produces
  @Singleton
  FileIntake fileIntake(FileStore files, ObjectStore objects, Clock clock, GatewayConfig config) {
    return new FileIntake(files, objects, clock, FILE_LIFETIME, config.maxFileBytes());
  }

  void limitUploads(@Observes Router router, GatewayConfig config) {
    new UploadLimit(config.maxFileBytes(), config.maxJsonBytes()).guard(router);
  }

  @Produces
  @Singleton
  InputFiles inputFiles(FileStore files, FileIntake intake, GatewayConfig config) {
    return new InputFiles(
        files,
        intake,
        GuardedHttp.client(config.privateAddresses(), FETCH_TIMEOUT),
        config.privateAddresses(),
        config.maxFileBytes());
  }

  @Produces
  @Singleton
  GenerationIntake generations(PublishedModels models, GatewayConfig config) {
    return new GenerationIntake(
        models, config.privateAddresses(), config.pool(), new SecureRandom());
  }

  @Produces
  @Singleton
  TrainingIntake trainings(PublishedModels models, InputFiles files, GatewayConfig config) {
    return new TrainingIntake(
        models, files, config.privateAddresses(), config.pool(), new SecureRandom());
  }

  @Produces
  @Singleton
  AcceptBatcher batcher(JobStore jobs) {
    return new AcceptBatcher(jobs, ACCEPT_PATIENCE);
  }

  void closeBatcher(@Disposes AcceptBatcher batcher) {
    batcher.close();
  }

  @Produces
  @Singleton
  Acceptance acceptance(AcceptBatcher batcher, Clock clock, MeterRegistry metrics) {
    return new Acceptance(batcher, new RepeatedPosts(clock), metrics);
  }

  @Produces
  @Singleton
  LiveJobs live(JobStore jobs) {
    return new LiveJobs(jobs);
  }

  @Produces
  @Singleton
  EventStream eventStream(LiveJobs live) {
    return new EventStream(live);
  }

  @Produces
  @Singleton
  JobEndpoint endpoint(
      JobStore jobs,
      Acceptance acceptance,
      LiveJobs live,
      Background background,
      JobView view,
      RegistryView pages,
      ObjectStore objects,
      Links links,
      GatewayConfig config) {
    return new JobEndpoint(
        jobs,
        acceptance,
        live,
        new Cancel(jobs, live, background::tellWorkersToCancel),
        view,
        pages,
        new InlineOutputs(objects),
        links,
        config.maxJsonBytes());
  }
}
