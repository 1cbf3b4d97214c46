package dev.darkroom.gateway.problem;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorKind;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import org.jboss.logging.Logger;

/** Answers an error of the platform with its problem. */
@Provider
public final class DarkroomExceptionMapper implements ExceptionMapper<DarkroomException> {
  private static final Logger LOG = Logger.getLogger(DarkroomExceptionMapper.class);

  @Override
  public Response toResponse(DarkroomException error) {
    if (error.code().kind() == ErrorKind.INTERNAL) {
      LOG.error("request failed", error);
    }
    return Problem.of(error).response();
  }
}
