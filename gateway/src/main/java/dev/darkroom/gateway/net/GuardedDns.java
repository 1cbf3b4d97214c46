package dev.darkroom.gateway.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import okhttp3.Dns;

/** Name resolution that gives out only permitted addresses: the connector never sees another. */
final class GuardedDns implements Dns {
  private final Dns names;
  private final PrivateAddresses permitted;

  GuardedDns(Dns names, PrivateAddresses permitted) {
    this.names = names;
    this.permitted = permitted;
  }

  @Override
  public List<InetAddress> lookup(String host) throws UnknownHostException {
    List<InetAddress> all = names.lookup(host);
    List<InetAddress> allowed = all.stream().filter(permitted::permits).toList();
    if (allowed.isEmpty() && !all.isEmpty()) {
      throw new BlockedAddressException(host, all.getFirst());
    }
    return allowed;
  }
}
