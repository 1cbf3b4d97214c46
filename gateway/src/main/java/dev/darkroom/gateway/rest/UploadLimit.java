package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.problem.Problem;
import dev.darkroom.jobs.job.Json;
import io.quarkus.vertx.http.runtime.RouteConstants;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a body that says it is larger than allowed, in one sentence and before any of it is
 * stored. Quarkus' own limit, which bounds the bodies that do not say their size, would answer with
 * no word at all.
 */
public final class UploadLimit {
  private static final int BEFORE_QUARKUS = RouteConstants.ROUTE_ORDER_UPLOAD_LIMIT - 1;

  /**
   * How long a caller may go on sending. To hang up on one that does not listen yet would reset the
   * connection, and the answer with it.
   */
  private static final Duration LINGER = Duration.ofSeconds(20);

  private final long maxFileBytes;
  private final long maxJsonBytes;

  /**
   * @param maxFileBytes largest form with a file
   * @param maxJsonBytes largest body of all other requests
   */
  public UploadLimit(long maxFileBytes, long maxJsonBytes) {
    this.maxFileBytes = maxFileBytes;
    this.maxJsonBytes = maxJsonBytes;
  }

  /** Takes its place before all that reads a body. */
  public void guard(Router router) {
    router.route().order(BEFORE_QUARKUS).handler(this::check);
  }

  private void check(RoutingContext call) {
    long limit = call.normalizedPath().startsWith("/v1/files") ? maxFileBytes : maxJsonBytes;
    long length = length(call.request().getHeader(HttpHeaders.CONTENT_LENGTH));
    if (length <= limit) {
      call.next();
    } else {
      refuse(
          call,
          "The request body: expected at most %d bytes, got %d; send less."
              .formatted(limit, length));
    }
  }

  private static void refuse(RoutingContext call, String detail) {
    HttpServerRequest request = call.request();
    // What still comes is dropped as it comes.
    request.handler(ignored -> {});
    request.endHandler(all -> request.connection().close());
    request.resume();
    call.response()
        .setStatusCode(413)
        .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
        .putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE)
        .end(Json.write(new Problem("Too large", detail, 413)));
    call.vertx().setTimer(LINGER.toMillis(), over -> request.connection().close());
  }

  /** Netty has refused what is no number by now. */
  private static long length(@Nullable String header) {
    return header == null ? 0 : Long.parseLong(header);
  }
}
