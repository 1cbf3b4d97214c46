package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.auth.SignedUrls;
import dev.darkroom.gateway.live.EventForm;
import dev.darkroom.gateway.live.EventStream;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.JobStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.jspecify.annotations.Nullable;

/** A prediction's {@code urls.stream}: events in Replicate's form, at a signed URL. */
@Path("/v1/files/signed/streams/{id}")
@Produces(MediaType.SERVER_SENT_EVENTS)
@RunOnVirtualThread
public final class StreamResource {
  private final JobStore store;
  private final EventStream stream;
  private final SignedUrls signed;
  private final JobView view;

  StreamResource(JobStore store, EventStream stream, SignedUrls signed, JobView view) {
    this.store = store;
    this.stream = stream;
    this.signed = signed;
    this.view = view;
  }

  @GET
  @Operation(hidden = true)
  public void show(
      @PathParam("id") String id,
      @QueryParam("expires") long expires,
      @QueryParam("signature") @Nullable String signature,
      @Context RoutingContext http,
      @Context SseEventSink sink,
      @Context Sse sse)
      throws InterruptedException {
    signed.check("streams/" + id, expires, signature);
    Job job =
        store
            .find(new JobId(id))
            .orElseThrow(
                () ->
                    new DarkroomException(ErrorCode.NOT_FOUND, "id: there is no prediction " + id));
    SseSink.prepare(http);
    try (sink) {
      stream.show(job, new EventForm.Replicate(view), new SseSink(sink, sse));
    }
  }
}
