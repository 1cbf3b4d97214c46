package dev.darkroom.jobs.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears Postgres' notifications on a connection of its own. A signal only says "look now": each
 * listener is also called when the connection comes (back), since what was said meanwhile is lost.
 */
public final class Signals implements AutoCloseable {
  /** Jobs may be released; the text is {@code kind.pool}. */
  public static final String JOBS = "darkroom_jobs";

  /** Webhooks are due. */
  public static final String WEBHOOKS = "darkroom_webhooks";

  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);
  private static final Duration RECONNECT = Duration.ofMillis(500);
  private static final int WAIT_MILLIS = 500;

  private final DataSource source;
  private final Map<String, Consumer<String>> listeners;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  /**
   * Starts to listen.
   *
   * @param listeners what to call, by channel, with the notification's text, or with an empty one
   *     after a (re)connect; they run on the one thread that listens and must be quick
   */
  public Signals(DataSource source, Map<String, Consumer<String>> listeners) {
    this.source = source;
    this.listeners = Map.copyOf(listeners);
    thread = Thread.ofPlatform().name("darkroom-signals").daemon().start(this::run);
  }

  private void run() {
    boolean told = false;
    while (closing.getCount() > 0) {
      try (Connection connection = source.getConnection()) {
        told = false;
        listen(connection);
      } catch (SQLException e) {
        if (!told) {
          LOG.warn("No notifications from the database, trying again: {}", e.getMessage());
          told = true;
        }
      }
      try {
        if (closing.await(RECONNECT.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void listen(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String channel : listeners.keySet()) {
        statement.execute("LISTEN " + channel);
      }
    }
    listeners.values().forEach(listener -> tell(listener, ""));
    PGConnection postgres = connection.unwrap(PGConnection.class);
    try {
      while (closing.getCount() > 0) {
        PGNotification[] notifications = postgres.getNotifications(WAIT_MILLIS);
        if (notifications == null) {
          continue;
        }
        for (PGNotification notification : notifications) {
          Consumer<String> listener = listeners.get(notification.getName());
          if (listener != null) {
            tell(listener, notification.getParameter());
          }
        }
      }
    } finally {
      // The pool hands this connection to others next.
      try (Statement statement = connection.createStatement()) {
        statement.execute("UNLISTEN *");
      }
    }
  }

  /** A listener's failure is its own; the next signal still arrives. */
  private static void tell(Consumer<String> listener, String text) {
    try {
      listener.accept(text);
    } catch (RuntimeException e) {
      LOG.error("A listener failed on a notification", e);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
