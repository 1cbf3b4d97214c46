package dev.darkroom.local.supervisor;

/**
 * Why the system does not start or stop; the message is one sentence for the person at the screen.
 */
public final class SupervisorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SupervisorException(String message) {
    super(message);
  }

  SupervisorException(String message, Throwable cause) {
    super(message, cause);
  }
}
