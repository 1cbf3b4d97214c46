package dev.darkroom.gateway.problem;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import org.jboss.logging.Logger;

/** Answers a defect: the log gets the cause, the caller none of it. */
@Provider
public final class ThrowableMapper implements ExceptionMapper<Throwable> {
  private static final Logger LOG = Logger.getLogger(ThrowableMapper.class);

  @Override
  public Response toResponse(Throwable error) {
    LOG.error("request failed", error);
    return new Problem(
            "Internal error", "The gateway failed on this request; its log says why.", 500)
        .response();
  }
}
