package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.accept.Acceptance;
import dev.darkroom.gateway.accept.JobRequest;
import dev.darkroom.gateway.accept.JsonBody;
import dev.darkroom.gateway.accept.PreferWait;
import dev.darkroom.gateway.live.LiveJobs;
import dev.darkroom.gateway.wire.InlineOutputs;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.gateway.wire.Links;
import dev.darkroom.gateway.wire.Page;
import dev.darkroom.gateway.wire.Prediction;
import dev.darkroom.gateway.wire.RegistryView;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.store.Cursor;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.JobQuery;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.NewJob;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What predictions and trainings have in common: they are jobs. */
public final class JobEndpoint {
  private final JobStore store;
  private final Acceptance acceptance;
  private final LiveJobs live;
  private final Cancel cancel;
  private final JobView view;
  private final RegistryView pages;
  private final InlineOutputs inline;
  private final Links links;
  private final int maxJsonBytes;

  public JobEndpoint(
      JobStore store,
      Acceptance acceptance,
      LiveJobs live,
      Cancel cancel,
      JobView view,
      RegistryView pages,
      InlineOutputs inline,
      Links links,
      int maxJsonBytes) {
    this.store = store;
    this.acceptance = acceptance;
    this.live = live;
    this.cancel = cancel;
    this.view = view;
    this.pages = pages;
    this.inline = inline;
    this.links = links;
    this.maxJsonBytes = maxJsonBytes;
  }

  /**
   * Stores the job and answers with it, at once or after the wait that the caller wishes.
   *
   * @param path where it was posted, in one spelling
   * @param intake validates the request and makes the job
   */
  Response create(
      JobPost post, String path, InputStream body, Function<JobRequest, NewJob> intake) {
    long came = System.nanoTime();
    RoutingContext http = post.http();
    Optional<PreferWait> wait = PreferWait.parse(post.prefer());
    JobRequest request = post.request(path, JsonBody.read(body, maxJsonBytes));
    Acceptance.Accepted accepted =
        acceptance.accept(request, Connection.arrival(http), () -> intake.apply(request));
    if (wait.isEmpty()) {
      return Response.status(Response.Status.CREATED)
          .entity(view.of(accepted.job().orElseGet(() -> stored(accepted.id()))))
          .build();
    }
    // What reading and storing took is part of the wait: the caller counts from when it asked.
    Duration spent = Duration.ofNanos(System.nanoTime() - came);
    Job ended = live.awaitEnd(accepted.id(), wait.get().patience().minus(spent));
    Prediction prediction = view.of(ended);
    if (!ended.state().isDone()) {
      prediction = prediction.asStarting();
    } else if (!links.isSecure() && Connection.isReplicate(http)) {
      prediction = inline.of(prediction, ended);
    }
    return Response.status(Response.Status.CREATED)
        .header("Preference-Applied", wait.get().applied())
        .entity(prediction)
        .build();
  }

  Prediction get(JobKind kind, String id, String tenant) {
    return view.of(find(kind, id, tenant));
  }

  Prediction cancel(JobKind kind, String id, String tenant) {
    Job job = find(kind, id, tenant);
    cancel.cancel(job.id());
    return get(kind, id, tenant);
  }

  Page<Prediction> list(
      JobKind kind,
      String path,
      String tenant,
      @Nullable String cursor,
      @Nullable String after,
      @Nullable String before) {
    JobQuery query =
        new JobQuery(
            tenant,
            kind,
            time("created_after", after),
            time("created_before", before),
            Optional.ofNullable(cursor).map(Cursor::parse),
            Page.SIZE);
    StringBuilder self = new StringBuilder(path);
    query.createdAfter().ifPresent(t -> self.append("?created_after=").append(t));
    query
        .createdBefore()
        .ifPresent(
            t ->
                self.append(self.length() == path.length() ? '?' : '&')
                    .append("created_before=")
                    .append(t));
    return pages.page(store.list(query), self.toString(), view::of);
  }

  /** A tenant's job of a kind; another tenant's is as if there were none. */
  Job find(JobKind kind, String id, String tenant) {
    if (JobId.isValid(id)) {
      Optional<Job> job = store.find(new JobId(id));
      if (job.isPresent() && job.get().kind() == kind && job.get().tenant().equals(tenant)) {
        return job.get();
      }
    }
    throw new DarkroomException(
        ErrorCode.NOT_FOUND,
        "id: there is no %s \"%s\""
            .formatted(
                kind == JobKind.GENERATION ? "prediction" : "training",
                id.length() <= 40 ? id : id.substring(0, 40) + "…"));
  }

  private Job stored(JobId id) {
    return store
        .find(id)
        .orElseThrow(
            () -> new DarkroomException(ErrorCode.NOT_FOUND, "id: job %s is gone".formatted(id)));
  }

  private static Optional<Instant> time(String name, @Nullable String text) {
    if (text == null || text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "%s: expected a time such as 2026-01-31T12:00:00Z, got another text".formatted(name));
    }
  }
}
