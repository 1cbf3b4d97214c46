package dev.darkroom.local.supervisor;

import java.util.Locale;

/** Which non-public addresses webhooks and input URLs may reach. */
public enum PrivateAddresses {
  DENY,
  LOOPBACK,
  ALLOW;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
