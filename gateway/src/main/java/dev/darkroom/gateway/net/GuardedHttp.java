package dev.darkroom.gateway.net;

import java.net.Proxy;
import java.time.Duration;
import java.util.List;
import okhttp3.Dns;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;

/** Makes the HTTP client for URLs that strangers chose. */
public final class GuardedHttp {
  private GuardedHttp() {}

  /**
   * A client that connects to permitted addresses only, follows no redirect, uses no proxy (which
   * would resolve names itself), repeats no request, and ends each call within {@code timeout},
   * slow drips included.
   */
  public static OkHttpClient client(PrivateAddresses permitted, Duration timeout) {
    return client(permitted, timeout, Dns.SYSTEM);
  }

  static OkHttpClient client(PrivateAddresses permitted, Duration timeout, Dns names) {
    return new OkHttpClient.Builder()
        .dns(new GuardedDns(names, permitted))
        .socketFactory(new GuardedSocketFactory(permitted))
        .proxy(Proxy.NO_PROXY)
        .protocols(List.of(Protocol.HTTP_1_1))
        .followRedirects(false)
        .followSslRedirects(false)
        .retryOnConnectionFailure(false)
        .callTimeout(timeout)
        .connectTimeout(timeout)
        .readTimeout(timeout)
        .writeTimeout(timeout)
        .build();
  }
}
