package dev.darkroom.gateway.net;

import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/** Which addresses outside the public internet a stranger's URL may reach. */
public enum PrivateAddresses {
  /** None. */
  DENY,
  /** Those of this machine itself: for development on one machine. */
  LOOPBACK,
  /** All: for a closed network, where whoever holds a token is trusted with it. */
  ALLOW;

  private static final List<Cidr> LOOPBACKS =
      Stream.of("127.0.0.0/8", "::1/128").map(Cidr::parse).toList();

  /** IANA's special-purpose registries, as far as they are not globally reachable. */
  private static final List<Cidr> SPECIAL =
      Stream.of(
              "0.0.0.0/8", // this network
              "10.0.0.0/8", // private
              "100.64.0.0/10", // carrier-grade NAT
              "127.0.0.0/8", // loopback
              "169.254.0.0/16", // link-local, cloud metadata
              "172.16.0.0/12", // private
              "192.0.0.0/24", // protocol assignments
              "192.0.2.0/24", // documentation
              "192.88.99.0/24", // 6to4 relays
              "192.168.0.0/16", // private
              "198.18.0.0/15", // benchmarks
              "198.51.100.0/24", // documentation
              "203.0.113.0/24", // documentation
              "224.0.0.0/4", // multicast
              "240.0.0.0/4", // reserved, broadcast
              "::/96", // unspecified, loopback, IPv4-compatible
              "::ffff:0:0:0/96", // IPv4-translated
              "64:ff9b::/96", // NAT64
              "64:ff9b:1::/48", // local NAT64
              "100::/64", // discard
              "2001::/23", // Teredo, ORCHID and other protocols
              "2001:db8::/32", // documentation
              "2002::/16", // 6to4
              "3fff::/20", // documentation
              "5f00::/16", // segment routing
              "fc00::/7", // unique local
              "fe80::/10", // link-local
              "fec0::/10", // site-local
              "ff00::/8") // multicast
          .map(Cidr::parse)
          .toList();

  /**
   * Whether a connection to {@code address} may be opened. Java hands out an IPv4-mapped IPv6
   * address as the IPv4 address it is, so those meet the IPv4 blocks.
   */
  public boolean permits(InetAddress address) {
    return switch (this) {
      case DENY -> isPublic(address);
      case LOOPBACK -> isIn(LOOPBACKS, address) || isPublic(address);
      case ALLOW -> true;
    };
  }

  private static boolean isPublic(InetAddress address) {
    return !isIn(SPECIAL, address);
  }

  private static boolean isIn(List<Cidr> blocks, InetAddress address) {
    return blocks.stream().anyMatch(block -> block.contains(address));
  }
}
