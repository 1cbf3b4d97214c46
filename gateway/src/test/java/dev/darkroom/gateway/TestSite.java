package dev.darkroom.gateway;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import dev.darkroom.jobs.spec.Dataset;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.spec.JobSpec;
import dev.darkroom.jobs.spec.LearningRateSchedule;
import dev.darkroom.jobs.spec.MixedPrecision;
import dev.darkroom.jobs.spec.OutputFormat;
import dev.darkroom.jobs.spec.Recipe;
import dev.darkroom.jobs.spec.SchedulerName;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.NewJob;
import dev.darkroom.jobs.store.Webhook;
import dev.darkroom.local.embedded.TestServices;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;

/** A database of its own and the object store, for parts of the gateway without its container. */
public final class TestSite implements AutoCloseable {
  private static final ModelName MODEL = new ModelName("darkroom", "starter");
  private static final Sha256 VERSION = Sha256.of("a version");

  public final PGSimpleDataSource source = new PGSimpleDataSource();
  public final JobStore jobs = new JobStore(source);
  public final ObjectStore objects;

  public TestSite() {
    source.setUrl(TestServices.postgres().freshDatabase());
    source.setUser(TestServices.postgres().user());
    source.setPassword(TestServices.postgres().password());
    Flyway.configure().dataSource(source).load().migrate();
    var s3 = TestServices.s3();
    URI endpoint = URI.create(s3.endpoint());
    objects =
        new ObjectStore(
            new ObjectStoreConfig(
                endpoint, endpoint, s3.accessKey(), s3.secretKey(), s3.bucket(), s3.region()));
  }

  public JobId generation(Optional<Webhook> webhook) {
    return insert(generation(), webhook, Optional.empty());
  }

  private static GenerationSpec generation() {
    return new GenerationSpec(
        MODEL,
        VERSION,
        "a red apple",
        "",
        128,
        128,
        1,
        20,
        5.0,
        SchedulerName.DPMPP_2M,
        42,
        OutputFormat.PNG);
  }

  /** A generation that is to be ended so long after its creation. */
  public JobId lasting(Duration time) {
    return insert(generation(), Optional.empty(), Optional.of(time));
  }

  public JobId training() {
    return insert(
        new TrainingSpec(
            MODEL,
            VERSION,
            MODEL,
            Recipe.LATENT_DIFFUSION,
            new Dataset("files/abc", 1000, Sha256.of("zip")),
            30,
            4,
            1,
            128,
            1e-4,
            LearningRateSchedule.COSINE,
            5,
            1.0,
            0.99,
            0.1,
            null,
            MixedPrecision.NO,
            null,
            10,
            10,
            List.of("a red apple"),
            7),
        Optional.empty(),
        Optional.empty());
  }

  private JobId insert(JobSpec spec, Optional<Webhook> webhook, Optional<Duration> cancelAfter) {
    JobId id = JobId.next();
    jobs.insert(
        new NewJob(
            id,
            "darkroom",
            "default",
            0,
            spec,
            Json.tree("{\"prompt\":\"a red apple\"}"),
            "api",
            webhook,
            Optional.empty(),
            cancelAfter));
    return id;
  }

  public void execute(String sql) {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  /** The first column of the only row. */
  public String ask(String sql) {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  @Override
  public void close() {
    objects.close();
  }
}
