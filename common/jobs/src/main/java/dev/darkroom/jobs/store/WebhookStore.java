package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Webhooks that wait for their delivery. Whoever takes one has it for a while; if that one dies, it
 * becomes due again.
 */
public final class WebhookStore {
  /**
   * When attempts 2, 3, ... follow the one before: Standard Webhooks 1.0.0. The first is at once.
   */
  public static final List<Duration> SCHEDULE =
      List.of(
          Duration.ofSeconds(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(30),
          Duration.ofHours(2),
          Duration.ofHours(5),
          Duration.ofHours(10),
          Duration.ofHours(14),
          Duration.ofHours(20),
          Duration.ofHours(24));

  private static final int SECRET_BYTES = 32;

  private final Database database;
  private final SecureRandom random = new SecureRandom();

  public WebhookStore(DataSource source) {
    database = new Database(source);
  }

  /**
   * Queues a call for what a running job tells along the way, if it asked for that event and there
   * was no such call within {@code interval}: one, however many gateways hear of it.
   */
  public void queue(JobId jobId, WebhookEvent event, Duration interval) {
    database.update(
        """
        INSERT INTO webhook_deliveries (id, job_id, tenant, event, url)
        SELECT 'msg_' || j.id || '_' || v.e || '_' || div(extract(epoch FROM clock_timestamp()) * 1000, v.ms),
               j.id, j.tenant, v.e, j.webhook_url
          FROM jobs j, (VALUES (?, ?::numeric)) AS v (e, ms)
         WHERE j.id = ? AND j.state = 'running' AND j.webhook_url IS NOT NULL
           AND v.e = ANY (j.webhook_events)
           AND NOT EXISTS (
             SELECT FROM webhook_deliveries d
              WHERE d.job_id = j.id AND d.event = v.e
                AND d.created_at > clock_timestamp() - make_interval(secs => v.ms::float8 / 1000))
        ON CONFLICT (id) DO NOTHING""",
        event.text(),
        interval.toMillis(),
        jobId.value());
  }

  /** Takes up to {@code limit} due deliveries, oldest first, for {@code lease}. */
  public List<Delivery> takeDue(int limit, Duration lease) {
    return database.query(
        """
        UPDATE webhook_deliveries
           SET attempts = attempts + 1, next_at = clock_timestamp() + make_interval(secs => ?)
         WHERE id IN (SELECT id FROM webhook_deliveries
                       WHERE state = 'pending' AND next_at <= clock_timestamp()
                       ORDER BY next_at LIMIT ? FOR UPDATE SKIP LOCKED)
        RETURNING id, job_id, tenant, event, url, attempts""",
        row ->
            new Delivery(
                row.getString(1),
                new JobId(row.getString(2)),
                row.getString(3),
                WebhookEvent.of(row.getString(4)),
                row.getString(5),
                row.getInt(6)),
        lease.toMillis() / 1000.0,
        limit);
  }

  /** The receiver took it. */
  public void delivered(Delivery delivery, int status) {
    record(
        delivery,
        status,
        null,
        """
        UPDATE webhook_deliveries SET state = 'delivered', delivered_at = clock_timestamp()
         WHERE id = ? AND attempts = ? AND state = 'pending'""");
  }

  /**
   * The receiver did not take it: it is due again as the schedule says, or given up at its end.
   *
   * @param status of the answer, where there was one
   * @param retryAfter what the receiver asked for; the later of the two counts
   * @return whether there will be another attempt
   */
  public boolean failed(
      Delivery delivery, @Nullable Integer status, String error, Optional<Duration> retryAfter) {
    if (delivery.attempt() > SCHEDULE.size()) {
      giveUp(delivery, status, error);
      return false;
    }
    Duration wait = SCHEDULE.get(delivery.attempt() - 1);
    Duration asked = retryAfter.orElse(Duration.ZERO);
    Duration longer = asked.compareTo(wait) > 0 ? asked : wait;
    record(
        delivery,
        status,
        error,
        """
        UPDATE webhook_deliveries SET next_at = clock_timestamp() + interval '%d ms'
         WHERE id = ? AND attempts = ? AND state = 'pending'"""
            .formatted(Math.min(longer.toMillis(), Duration.ofDays(1).toMillis())));
    return true;
  }

  /** The delivery will never be taken: a blocked address, or the end of the schedule. */
  public void giveUp(Delivery delivery, @Nullable Integer status, String error) {
    record(
        delivery,
        status,
        error,
        """
        UPDATE webhook_deliveries SET state = 'failed'
         WHERE id = ? AND attempts = ? AND state = 'pending'""");
  }

  /** The receiver is gone for good (410): nothing is delivered to that URL any more. */
  public void disable(Delivery delivery) {
    database.update(
        "INSERT INTO webhook_endpoints (tenant, url) VALUES (?, ?) ON CONFLICT DO NOTHING",
        delivery.tenant(),
        delivery.url());
    giveUp(delivery, 410, "the endpoint is gone");
  }

  /** Whether a URL answered 410 before. */
  public boolean isDisabled(String tenant, String url) {
    return database
        .find("SELECT 1 FROM webhook_endpoints WHERE tenant = ? AND url = ?", row -> 1, tenant, url)
        .isPresent();
  }

  /** Makes a job's deliveries due again, under their ids; how many there are. */
  public int replay(JobId jobId) {
    return database.update(
        """
        UPDATE webhook_deliveries
           SET state = 'pending', next_at = clock_timestamp(), delivered_at = NULL
         WHERE job_id = ? AND state <> 'pending'""",
        jobId.value());
  }

  /** The key that signs a tenant's webhooks, {@code whsec_} and base64; made at the first call. */
  public String secret(String tenant) {
    byte[] key = new byte[SECRET_BYTES];
    random.nextBytes(key);
    database.update(
        "INSERT INTO webhook_secrets (tenant, secret) VALUES (?, ?) ON CONFLICT DO NOTHING",
        tenant,
        "whsec_" + Base64.getEncoder().encodeToString(key));
    return database
        .find(
            "SELECT secret FROM webhook_secrets WHERE tenant = ?", row -> row.getString(1), tenant)
        .orElseThrow();
  }

  private void record(
      Delivery delivery, @Nullable Integer status, @Nullable String error, String move) {
    database.transaction(
        connection -> {
          Database.update(
              connection,
              """
              INSERT INTO webhook_attempts (delivery_id, attempt, status, error)
              SELECT id, ?, ?::integer, ? FROM webhook_deliveries WHERE id = ?
              ON CONFLICT DO NOTHING""",
              delivery.attempt(),
              status,
              error == null ? null : Ending.text(error),
              delivery.id());
          return Database.update(connection, move, delivery.id(), delivery.attempt());
        });
  }
}
