package dev.darkroom.gateway.net;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** A host's addresses are all ones that a stranger's URL may not reach. */
public final class BlockedAddressException extends UnknownHostException {
  private static final long serialVersionUID = 1;

  BlockedAddressException(String host, InetAddress address) {
    super(
        "%s: expected a public address, got %s; DARKROOM_PRIVATE_ADDRESSES says which others may be reached"
            .formatted(host, address.getHostAddress()));
  }
}
