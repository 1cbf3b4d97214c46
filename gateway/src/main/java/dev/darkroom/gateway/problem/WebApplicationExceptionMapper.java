package dev.darkroom.gateway.problem;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** Answers what the REST layer itself refuses: unknown paths, methods and media types. */
@Provider
public final class WebApplicationExceptionMapper
    implements ExceptionMapper<WebApplicationException> {
  private final UriInfo uri;

  WebApplicationExceptionMapper(UriInfo uri) {
    this.uri = uri;
  }

  @Override
  public Response toResponse(WebApplicationException error) {
    int status = error.getResponse().getStatus();
    String path = uri.getPath();
    String shown = path.length() <= 100 ? path : path.substring(0, 100) + "…";
    Problem problem =
        switch (status) {
          case 404 ->
              new Problem(
                  "Not found",
                  "There is nothing at %s; /q/openapi lists what there is.".formatted(shown),
                  404);
          case 405 ->
              new Problem(
                  "Method not allowed",
                  "%s does not take this method; /q/openapi lists those it takes.".formatted(shown),
                  405);
          case 406 ->
              new Problem(
                  "Not acceptable", "%s has no form that Accept names.".formatted(shown), 406);
          case 413 -> new Problem("Too large", "The request body is larger than allowed.", 413);
          case 415 ->
              new Problem(
                  "Unsupported media type",
                  "%s does not take a body of this Content-Type.".formatted(shown),
                  415);
          default -> new Problem(null, String.valueOf(error.getMessage()), status);
        };
    return problem.response();
  }
}
