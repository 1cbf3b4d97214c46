package dev.darkroom.gateway.net;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateAddressesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1"
      })
  void denyRefusesEveryAddressThatIsNotOnThePublicInternet(String address)
      throws UnknownHostException {
    assertFalse(PrivateAddresses.DENY.permits(InetAddress.getByName(address)), address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.1.1",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1"
      })
  void denyPermitsPublicAddressesUpToTheEdgesOfTheBlocks(String address)
      throws UnknownHostException {
    assertTrue(PrivateAddresses.DENY.permits(InetAddress.getByName(address)), address);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "8.8.8.8"})
  void loopbackPermitsThisMachineAndThePublicInternet(String address) throws UnknownHostException {
    assertTrue(PrivateAddresses.LOOPBACK.permits(InetAddress.getByName(address)), address);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1", "169.254.169.254", "fd00::1", "0.0.0.0"})
  void loopbackStillRefusesTheNetworkAround(String address) throws UnknownHostException {
    assertFalse(PrivateAddresses.LOOPBACK.permits(InetAddress.getByName(address)), address);
  }
}
