package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.accept.GenerationIntake;
import dev.darkroom.gateway.wire.Page;
import dev.darkroom.gateway.wire.Prediction;
import dev.darkroom.jobs.job.JobKind;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import java.io.InputStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Predictions: images from a model. */
@Path("/v1")
@Tag(name = "predictions", description = "Images from a model")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class PredictionResource {
  private final GenerationIntake intake;
  private final JobEndpoint jobs;

  PredictionResource(GenerationIntake intake, JobEndpoint jobs) {
    this.intake = intake;
    this.jobs = jobs;
  }

  @POST
  @Path("/predictions")
  @Consumes(MediaType.WILDCARD)
  @Operation(
      operationId = "createPrediction",
      summary = "Ask for images",
      description =
          "Answers at once with the prediction, or with `Prefer: wait` when it has ended or the wait"
              + " is over. `Idempotency-Key` makes a repeated request the same prediction.")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = PredictionRequest.class)))
  @APIResponse(
      responseCode = "201",
      content = @Content(schema = @Schema(implementation = Prediction.class)))
  public Response create(InputStream body, @BeanParam JobPost post) {
    return jobs.create(
        post,
        "/v1/predictions",
        body,
        request -> intake.job(request, GenerationIntake.reference(request.body())));
  }

  @GET
  @Path("/predictions")
  @Operation(operationId = "listPredictions", summary = "The newest predictions, 100 a page")
  public Page<Prediction> list(
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("created_after") @Nullable String after,
      @QueryParam("created_before") @Nullable String before,
      @Context SecurityContext caller) {
    return jobs.list(JobKind.GENERATION, "/v1/predictions", tenant(caller), cursor, after, before);
  }

  @GET
  @Path("/predictions/{id}")
  @Operation(operationId = "getPrediction", summary = "A prediction as it stands")
  public Prediction get(@PathParam("id") String id, @Context SecurityContext caller) {
    return jobs.get(JobKind.GENERATION, id, tenant(caller));
  }

  @POST
  @Path("/predictions/{id}/cancel")
  @Consumes(MediaType.WILDCARD)
  @Operation(operationId = "cancelPrediction", summary = "End a prediction")
  public Prediction cancel(@PathParam("id") String id, @Context SecurityContext caller) {
    return jobs.cancel(JobKind.GENERATION, id, tenant(caller));
  }

  static String tenant(SecurityContext caller) {
    return caller.getUserPrincipal().getName();
  }
}
