package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.accept.ModelReference;
import dev.darkroom.gateway.accept.TrainingIntake;
import dev.darkroom.gateway.wire.Prediction;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
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

/** Trainings that start from a version. */
@Path("/v1/models/{owner}/{name}/versions/{version}/trainings")
@Tag(name = "trainings")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class VersionTrainingResource {
  private final TrainingIntake intake;
  private final JobEndpoint jobs;

  VersionTrainingResource(TrainingIntake intake, JobEndpoint jobs) {
    this.intake = intake;
    this.jobs = jobs;
  }

  @POST
  @Consumes(MediaType.WILDCARD)
  @Operation(
      operationId = "createTraining",
      summary = "Train a new version of a model, from this one")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = TrainingRequest.class)))
  @APIResponse(
      responseCode = "201",
      content = @Content(schema = @Schema(implementation = Prediction.class)))
  public Response create(
      @PathParam("owner") String owner,
      @PathParam("name") String name,
      @PathParam("version") String version,
      InputStream body,
      @BeanParam JobPost post) {
    ModelName model = new ModelName(owner, name);
    ModelReference base = new ModelReference.Exact(model, new Sha256(version));
    String path = "/v1/models/%s/versions/%s/trainings".formatted(model, version);
    return jobs.create(post, path, body, request -> intake.job(request, base));
  }
}
