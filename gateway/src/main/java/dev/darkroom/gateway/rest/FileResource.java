package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.accept.FileIntake;
import dev.darkroom.gateway.wire.Page;
import dev.darkroom.gateway.wire.RegistryView;
import dev.darkroom.gateway.wire.UploadedFile;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.store.Cursor;
import dev.darkroom.jobs.store.FileStore;
import dev.darkroom.jobs.store.StoredFile;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import java.util.Optional;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.server.multipart.MultipartFormDataInput;
import org.jspecify.annotations.Nullable;

/** Uploaded files: datasets and pictures that jobs name by URL. */
@Path("/v1/files")
@Tag(name = "files", description = "Datasets and pictures that jobs name by URL")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class FileResource {
  private final FileStore store;
  private final FileIntake intake;
  private final ObjectStore objects;
  private final RegistryView view;

  FileResource(FileStore store, FileIntake intake, ObjectStore objects, RegistryView view) {
    this.store = store;
    this.intake = intake;
    this.objects = objects;
    this.view = view;
  }

  /** The form of an upload, for the API's description. */
  @Schema(name = "FileForm")
  record FileForm(
      @Schema(required = true, type = SchemaType.STRING, format = "binary") String content,
      @Schema(description = "A JSON object") String metadata) {}

  @POST
  @Consumes(MediaType.MULTIPART_FORM_DATA)
  @Operation(operationId = "createFile", summary = "Upload a file; its urls.get is a job's input")
  @RequestBody(
      required = true,
      content =
          @Content(
              mediaType = MediaType.MULTIPART_FORM_DATA,
              schema = @Schema(implementation = FileForm.class)))
  @APIResponse(
      responseCode = "201",
      content = @Content(schema = @Schema(implementation = UploadedFile.class)))
  public Response create(
      MultipartFormDataInput form, @Context SecurityContext caller, @Context RoutingContext http) {
    return retryable(
        http,
        () ->
            Response.status(Response.Status.CREATED)
                .entity(
                    view.of(intake.store(PredictionResource.tenant(caller), UploadForm.read(form))))
                .build());
  }

  @GET
  @Operation(operationId = "listFiles", summary = "The newest files, 100 a page")
  public Page<UploadedFile> list(
      @QueryParam("cursor") @Nullable String cursor,
      @Context SecurityContext caller,
      @Context RoutingContext http) {
    Optional<Cursor> place = Optional.ofNullable(cursor).map(Cursor::parse);
    return retryable(
        http,
        () ->
            view.page(
                store.list(PredictionResource.tenant(caller), place, Page.SIZE),
                "/v1/files",
                view::of));
  }

  @GET
  @Path("/{id}")
  @Operation(operationId = "getFile", summary = "What is known of a file")
  public UploadedFile get(
      @PathParam("id") String id, @Context SecurityContext caller, @Context RoutingContext http) {
    return retryable(http, () -> view.of(find(id, caller)));
  }

  @GET
  @Path("/{id}/download")
  @Produces(MediaType.WILDCARD)
  @Operation(operationId = "downloadFile", summary = "A file's bytes")
  public Response download(
      @PathParam("id") String id, @Context SecurityContext caller, @Context RoutingContext http) {
    return retryable(
        http,
        () -> {
          StoredFile file = find(id, caller);
          return Response.ok(objects.open(ObjectLayout.file(file.id())), file.contentType())
              .header(HttpHeaders.CONTENT_LENGTH, file.size())
              .header(HttpHeaders.CONTENT_DISPOSITION, "attachment")
              .header("X-Content-Type-Options", "nosniff")
              .build();
        });
  }

  @DELETE
  @Path("/{id}")
  @Operation(operationId = "deleteFile", summary = "Forget a file")
  public void delete(
      @PathParam("id") String id, @Context SecurityContext caller, @Context RoutingContext http) {
    retryable(
        http,
        () -> {
          StoredFile file = find(id, caller);
          store.delete(file.tenant(), file.id());
          objects.delete(ObjectLayout.file(file.id()));
          return file;
        });
  }

  private StoredFile find(String id, SecurityContext caller) {
    return store
        .find(PredictionResource.tenant(caller), id)
        .orElseThrow(
            () ->
                new DarkroomException(
                    ErrorCode.NOT_FOUND,
                    "id: there is no file \"%s\""
                        .formatted(id.length() <= 40 ? id : id.substring(0, 40) + "…")));
  }

  /**
   * Replicate's JavaScript client takes a 5xx of this resource as leave to send files inline, which
   * breaks later and elsewhere: to that client alone, what is down for a moment is a 429.
   */
  private static <T> T retryable(RoutingContext http, Supplier<T> work) {
    try {
      return work.get();
    } catch (DarkroomException e) {
      if (e.code().isRetryable() && Connection.isReplicateJavaScript(http)) {
        throw new DarkroomException(
            ErrorCode.RATE_LIMITED,
            "Files are not available for a moment, try again: " + e.getMessage(),
            e);
      }
      throw e;
    }
  }
}
