package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.accept.GenerationIntake;
import dev.darkroom.gateway.accept.ModelReference;
import dev.darkroom.gateway.wire.Prediction;
import dev.darkroom.jobs.job.ModelName;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Predictions by a model's newest version. */
@Path("/v1/models/{owner}/{name}/predictions")
@Tag(name = "predictions")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class ModelPredictionResource {
  private final GenerationIntake intake;
  private final JobEndpoint jobs;

  ModelPredictionResource(GenerationIntake intake, JobEndpoint jobs) {
    this.intake = intake;
    this.jobs = jobs;
  }

  @POST
  @Consumes(MediaType.WILDCARD)
  @Operation(
      operationId = "createModelPrediction",
      summary = "Ask for images from a model's newest version")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = PredictionRequest.class)))
  @APIResponse(
      responseCode = "201",
      content = @Content(schema = @Schema(implementation = Prediction.class)))
  public Response create(
      @PathParam("owner") String owner,
      @PathParam("name") String name,
      InputStream body,
      @BeanParam JobPost post) {
    ModelName model = new ModelName(owner, name);
    return jobs.create(
        post,
        "/v1/models/" + model + "/predictions",
        body,
        request -> intake.job(request, new ModelReference.Latest(model)));
  }
}
