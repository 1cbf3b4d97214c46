package dev.darkroom.gateway.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import javax.net.SocketFactory;

/**
 * Sockets that ask once more at the moment of connecting. Name resolution is not asked about a host
 * that is written as an address, and this is the last point where the address is certain.
 */
final class GuardedSocketFactory extends SocketFactory {
  private final PrivateAddresses permitted;

  GuardedSocketFactory(PrivateAddresses permitted) {
    this.permitted = permitted;
  }

  @Override
  public Socket createSocket() {
    return new GuardedSocket(permitted);
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return createSocket(InetAddress.getByName(host), port);
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    Socket socket = createSocket();
    socket.connect(new InetSocketAddress(host, port));
    return socket;
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress local, int localPort)
      throws IOException {
    return createSocket(InetAddress.getByName(host), port, local, localPort);
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
      throws IOException {
    Socket socket = createSocket();
    socket.bind(new InetSocketAddress(local, localPort));
    socket.connect(new InetSocketAddress(host, port));
    return socket;
  }

  private static final class GuardedSocket extends Socket {
    private final PrivateAddresses permitted;

    GuardedSocket(PrivateAddresses permitted) {
      this.permitted = permitted;
    }

    @Override
    public void connect(SocketAddress endpoint, int timeout) throws IOException {
      if (endpoint instanceof InetSocketAddress target
          && target.getAddress() != null
          && permitted.permits(target.getAddress())) {
        super.connect(endpoint, timeout);
        return;
      }
      throw endpoint instanceof InetSocketAddress target && target.getAddress() != null
          ? new BlockedAddressException(target.getHostString(), target.getAddress())
          : new IOException("socket: expected a resolved address, got " + endpoint);
    }
  }
}
