package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.accept.JobRequest;
import dev.darkroom.gateway.accept.JsonBody;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.SecurityContext;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * What comes with every request for a job beside its path and body.
 *
 * @param prefer whether the answer is to wait for the job's end
 * @param key makes a repeated request the same job
 * @param cancelAfter how long after its creation the job is ended at the latest
 */
record JobPost(
    @HeaderParam("Prefer") @Nullable String prefer,
    @HeaderParam("Idempotency-Key") @Nullable String key,
    @Parameter(
            description =
                "Ends the job so long after its creation, such as 90s or 1h30m: `aborted` where it"
                    + " had not begun, `canceled` where it had")
        @HeaderParam("Cancel-After")
        @Nullable String cancelAfter,
    @Context SecurityContext caller,
    @Context RoutingContext http) {

  /** The request as it is to be validated. */
  JobRequest request(String path, JsonBody body) {
    return new JobRequest(PredictionResource.tenant(caller), path, body, key, cancelAfter);
  }
}
