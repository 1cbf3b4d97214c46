package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.live.EventForm;
import dev.darkroom.gateway.live.EventStream;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.gateway.wire.Links;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.store.Job;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.SecurityContext;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Jobs as streams of server-sent events. */
@Path("/v1")
@Tag(name = "predictions")
@Produces(MediaType.SERVER_SENT_EVENTS)
@RunOnVirtualThread
public final class EventResource {
  private final JobEndpoint jobs;
  private final EventStream stream;
  private final JobView view;
  private final Links links;

  EventResource(JobEndpoint jobs, EventStream stream, JobView view, Links links) {
    this.jobs = jobs;
    this.stream = stream;
    this.view = view;
    this.links = links;
  }

  @GET
  @Path("/predictions/{id}/events")
  @Operation(
      operationId = "streamPrediction",
      summary = "State, progress, previews and logs as they happen; ends with the prediction")
  public void prediction(
      @PathParam("id") String id,
      @Context SecurityContext caller,
      @Context RoutingContext http,
      @Context SseEventSink sink,
      @Context Sse sse)
      throws InterruptedException {
    Job job = jobs.find(JobKind.GENERATION, id, PredictionResource.tenant(caller));
    show(job, http, sink, sse);
  }

  @GET
  @Path("/trainings/{id}/events")
  @Tag(name = "trainings")
  @Operation(
      operationId = "streamTraining",
      summary = "State, metrics, samples and logs as they happen; ends with the training")
  public void training(
      @PathParam("id") String id,
      @Context SecurityContext caller,
      @Context RoutingContext http,
      @Context SseEventSink sink,
      @Context Sse sse)
      throws InterruptedException {
    Job job = jobs.find(JobKind.TRAINING, id, PredictionResource.tenant(caller));
    show(job, http, sink, sse);
  }

  private void show(Job job, RoutingContext http, SseEventSink sink, Sse sse)
      throws InterruptedException {
    SseSink.prepare(http);
    try (sink) {
      stream.show(job, new EventForm.Full(view, links), new SseSink(sink, sse));
    }
  }
}
