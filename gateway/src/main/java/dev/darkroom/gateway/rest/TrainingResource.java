package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.wire.Page;
import dev.darkroom.gateway.wire.Prediction;
import dev.darkroom.jobs.job.JobKind;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.SecurityContext;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Trainings: new model versions from data. */
@Path("/v1")
@Tag(name = "trainings", description = "New model versions from data")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class TrainingResource {
  private final JobEndpoint jobs;

  TrainingResource(JobEndpoint jobs) {
    this.jobs = jobs;
  }

  @GET
  @Path("/trainings")
  @Operation(operationId = "listTrainings", summary = "The newest trainings, 100 a page")
  public Page<Prediction> list(
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("created_after") @Nullable String after,
      @QueryParam("created_before") @Nullable String before,
      @Context SecurityContext caller) {
    String tenant = PredictionResource.tenant(caller);
    return jobs.list(JobKind.TRAINING, "/v1/trainings", tenant, cursor, after, before);
  }

  @GET
  @Path("/trainings/{id}")
  @Operation(operationId = "getTraining", summary = "A training as it stands")
  public Prediction get(@PathParam("id") String id, @Context SecurityContext caller) {
    return jobs.get(JobKind.TRAINING, id, PredictionResource.tenant(caller));
  }

  @POST
  @Path("/trainings/{id}/cancel")
  @Consumes(MediaType.WILDCARD)
  @Operation(operationId = "cancelTraining", summary = "End a training")
  public Prediction cancel(@PathParam("id") String id, @Context SecurityContext caller) {
    return jobs.cancel(JobKind.TRAINING, id, PredictionResource.tenant(caller));
  }
}
