package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.accept.RepeatedPosts;
import io.netty.channel.Channel;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** What the connection under a request tells about whether its answer will arrive. */
final class Connection {
  private static final String RETRY_COUNT = "x-stainless-retry-count";

  private Connection() {}

  static RepeatedPosts.Arrival arrival(RoutingContext request) {
    AtomicBoolean answered = new AtomicBoolean();
    request.addEndHandler(done -> answered.set(done.succeeded()));
    Channel channel = ((ConnectionBase) request.request().connection()).channel();
    return new RepeatedPosts.Arrival(
        isRetry(request.request().getHeader(RETRY_COUNT)),
        isReplicateJavaScript(request),
        channel,
        () -> !channel.isActive(),
        answered::get);
  }

  /** Whether it is one of Replicate's own clients, which make files of some URLs only. */
  static boolean isReplicate(RoutingContext request) {
    return agent(request).startsWith("replicate-") || agent(request).startsWith("replicate/");
  }

  /** Whether it is Replicate's JavaScript client, which has habits of its own. */
  static boolean isReplicateJavaScript(RoutingContext request) {
    return agent(request).startsWith("replicate-javascript");
  }

  private static String agent(RoutingContext request) {
    String agent = request.request().getHeader("User-Agent");
    return agent == null ? "" : agent.toLowerCase(Locale.ROOT);
  }

  private static boolean isRetry(@Nullable String count) {
    return count != null && !count.equals("0");
  }
}
