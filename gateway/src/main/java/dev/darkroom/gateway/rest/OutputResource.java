package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.auth.SignedUrls;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.objects.ObjectInfo;
import dev.darkroom.jobs.objects.ObjectStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.jspecify.annotations.Nullable;

/** What jobs made, at signed URLs: the object store need not be reachable from outside. */
@Path("/v1/files/signed")
@Produces(MediaType.WILDCARD)
@RunOnVirtualThread
public final class OutputResource {
  private final ObjectStore objects;
  private final SignedUrls signed;

  OutputResource(ObjectStore objects, SignedUrls signed) {
    this.objects = objects;
    this.signed = signed;
  }

  @GET
  @Path("/{key: (outputs|trainings)/.+}")
  @Operation(hidden = true)
  public Response get(
      @PathParam("key") String key,
      @QueryParam("expires") long expires,
      @QueryParam("signature") @Nullable String signature) {
    signed.check(key, expires, signature);
    ObjectInfo info =
        objects
            .stat(key)
            .orElseThrow(
                () ->
                    new DarkroomException(
                        ErrorCode.NOT_FOUND, "output: it has been deleted; ask for it again"));
    // Keys name an attempt, so the bytes under one never change.
    return Response.ok(objects.open(key), type(key))
        .header(HttpHeaders.CONTENT_LENGTH, info.size())
        .header(HttpHeaders.CACHE_CONTROL, "private, max-age=3600, immutable")
        .header("X-Content-Type-Options", "nosniff")
        .header("Access-Control-Allow-Origin", "*")
        .build();
  }

  private static String type(String key) {
    String extension = key.substring(key.lastIndexOf('.') + 1);
    return switch (extension) {
      case "png" -> "image/png";
      case "jpg", "jpeg" -> "image/jpeg";
      case "webp" -> "image/webp";
      default -> MediaType.APPLICATION_OCTET_STREAM;
    };
  }
}
