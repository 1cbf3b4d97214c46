package dev.darkroom.gateway.net;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** A block of IP addresses, {@code 10.0.0.0/8}. */
record Cidr(InetAddress network, int bits) {

  /** Reads {@code address/bits}; the address must be a literal. */
  static Cidr parse(String text) {
    int slash = text.indexOf('/');
    try {
      return new Cidr(
          InetAddress.getByName(text.substring(0, slash)),
          Integer.parseInt(text.substring(slash + 1)));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("not an address block: " + text, e);
    }
  }

  /** Whether {@code address} lies in the block; an address of the other family never does. */
  boolean contains(InetAddress address) {
    byte[] mine = network.getAddress();
    byte[] theirs = address.getAddress();
    if (mine.length != theirs.length) {
      return false;
    }
    int whole = bits / 8;
    for (int i = 0; i < whole; i++) {
      if (mine[i] != theirs[i]) {
        return false;
      }
    }
    int rest = bits % 8;
    return rest == 0 || ((mine[whole] ^ theirs[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
  }
}
