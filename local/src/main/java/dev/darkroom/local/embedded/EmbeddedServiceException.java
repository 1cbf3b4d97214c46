package dev.darkroom.local.embedded;

/**
 * An embedded service that does not start or stop; the message is one sentence for the person at
 * the screen.
 */
public final class EmbeddedServiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  EmbeddedServiceException(String message) {
    super(message);
  }

  EmbeddedServiceException(String message, Throwable cause) {
    super(message, cause);
  }
}
