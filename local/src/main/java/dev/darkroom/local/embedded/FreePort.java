package dev.darkroom.local.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports of the loopback address, checked before a service is told to listen there. */
public final class FreePort {
  private FreePort() {}

  /**
   * Returns {@code port} when it is free, or a free one when it is 0.
   *
   * @throws EmbeddedServiceException when another process listens on {@code port}
   */
  public static int check(int port, String service) {
    try (var socket = new ServerSocket()) {
      // Without this, the connections of the service that just stopped (TIME_WAIT) would count as
      // taken.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new EmbeddedServiceException(
          "%s: expected port %d of 127.0.0.1 to be free, got \"%s\"; stop what listens there or choose another port"
              .formatted(service, port, e.getMessage()),
          e);
    }
  }
}
