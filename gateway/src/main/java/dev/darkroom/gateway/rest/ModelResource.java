package dev.darkroom.gateway.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.gateway.accept.JsonBody;
import dev.darkroom.gateway.wire.Model;
import dev.darkroom.gateway.wire.Page;
import dev.darkroom.gateway.wire.RegistryView;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.store.Cursor;
import dev.darkroom.jobs.store.ModelRegistry;
import dev.darkroom.jobs.store.ModelVersion;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
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
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Models and their versions. */
@Path("/v1/models")
@Tag(name = "models", description = "Models and their versions")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class ModelResource {
  private static final int MAX_BODY = 64 << 10;

  private final ModelRegistry registry;
  private final RegistryView view;

  ModelResource(ModelRegistry registry, RegistryView view) {
    this.registry = registry;
    this.view = view;
  }

  @GET
  @Operation(operationId = "listModels", summary = "The models that this token sees, 100 a page")
  public Page<Model> list(
      @QueryParam("cursor") @Nullable String cursor, @Context SecurityContext caller) {
    Optional<Cursor> place = Optional.ofNullable(cursor).map(Cursor::parse);
    return view.page(
        registry.list(PredictionResource.tenant(caller), place, Page.SIZE), "/v1/models", view::of);
  }

  @QUERY
  @Consumes(MediaType.WILDCARD)
  @Operation(hidden = true)
  public Page<Model> search(InputStream body, @Context SecurityContext caller) {
    return found(query(body), caller);
  }

  @GET
  @Path("/search")
  @Operation(
      operationId = "searchModels",
      summary = "Models whose name or description holds a text; also as QUERY /v1/models")
  public Page<Model> search(
      @QueryParam("query") @Nullable String query, @Context SecurityContext caller) {
    return found(query == null ? "" : query, caller);
  }

  @POST
  @Consumes(MediaType.WILDCARD)
  @Operation(operationId = "createModel", summary = "Make a model, for trainings to fill")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = ModelRequest.class)))
  @APIResponse(
      responseCode = "201",
      content = @Content(schema = @Schema(implementation = Model.class)))
  public Response create(InputStream body, @Context SecurityContext caller) {
    ModelRequest.Checked request =
        Json.convert(JsonBody.read(body, MAX_BODY).tree(), ModelRequest.class).checked();
    return Response.status(Response.Status.CREATED)
        .entity(
            view.of(
                registry.create(
                    new ModelName(request.owner(), request.name()),
                    PredictionResource.tenant(caller),
                    request.description(),
                    request.visibility())))
        .build();
  }

  @GET
  @Path("/{owner}/{name}")
  @Operation(operationId = "getModel", summary = "A model with its newest version")
  public Model get(@PathParam("owner") String owner, @PathParam("name") String name) {
    ModelName model = new ModelName(owner, name);
    return view.of(find(model));
  }

  @DELETE
  @Path("/{owner}/{name}")
  @Operation(operationId = "deleteModel", summary = "Remove a model that has no versions")
  public void delete(@PathParam("owner") String owner, @PathParam("name") String name) {
    ModelName model = find(new ModelName(owner, name)).name();
    if (!registry.delete(model)) {
      throw new DarkroomException(
          ErrorCode.CONFLICT,
          "model: expected %s to have no versions, but it has; delete those first"
              .formatted(model));
    }
  }

  @GET
  @Path("/{owner}/{name}/versions")
  @Operation(operationId = "listVersions", summary = "A model's versions, newest first")
  public Page<Model.Version> versions(
      @PathParam("owner") String owner, @PathParam("name") String name) {
    ModelName model = find(new ModelName(owner, name)).name();
    return Page.whole(registry.versions(model).stream().map(view::of).toList());
  }

  @GET
  @Path("/{owner}/{name}/versions/{id}")
  @Operation(operationId = "getVersion", summary = "A version and what it takes")
  public Model.Version version(
      @PathParam("owner") String owner,
      @PathParam("name") String name,
      @PathParam("id") String id) {
    return view.of(find(new ModelName(owner, name), id));
  }

  @DELETE
  @Path("/{owner}/{name}/versions/{id}")
  @Operation(operationId = "deleteVersion", summary = "Remove a version")
  public Response deleteVersion(
      @PathParam("owner") String owner,
      @PathParam("name") String name,
      @PathParam("id") String id) {
    ModelVersion version = find(new ModelName(owner, name), id);
    registry.delete(version.model(), version.id());
    return Response.accepted().build();
  }

  private dev.darkroom.jobs.store.Model find(ModelName model) {
    return registry
        .find(model)
        .orElseThrow(
            () ->
                new DarkroomException(
                    ErrorCode.NOT_FOUND, "model: there is no model %s".formatted(model)));
  }

  private ModelVersion find(ModelName model, String id) {
    return (Sha256.isValid(id)
            ? registry.version(model, new Sha256(id))
            : Optional.<ModelVersion>empty())
        .orElseThrow(
            () ->
                new DarkroomException(
                    ErrorCode.NOT_FOUND,
                    "version: %s has no version \"%s\""
                        .formatted(model, id.length() <= 64 ? id : id.substring(0, 64) + "…")));
  }

  private Page<Model> found(String text, SecurityContext caller) {
    String tenant = PredictionResource.tenant(caller);
    return view.page(
        registry.search(tenant, text, Optional.empty(), Page.SIZE), "/v1/models", view::of);
  }

  /** The text that a search came with: raw, as a JSON string, or as a JSON object's query. */
  private static String query(InputStream body) {
    String text = JsonBody.text(body, MAX_BODY).strip();
    try {
      JsonNode json = Json.mapper().readTree(text);
      if (json != null && json.isTextual()) {
        return json.textValue();
      }
      return json instanceof ObjectNode object ? object.path("query").asText() : text;
    } catch (JsonProcessingException e) {
      return text;
    }
  }
}
