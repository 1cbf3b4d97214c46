package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;
import java.sql.Connection;
import java.sql.SQLException;

/** Queues the webhooks of a job inside the transaction that gives a reason for them. */
final class WebhookRows {
  private WebhookRows() {}

  /**
   * Queues the delivery if the job asked for it; an event that comes again is the same delivery.
   */
  static void queue(Connection connection, JobId id, WebhookEvent event) throws SQLException {
    Database.update(
        connection,
        """
        INSERT INTO webhook_deliveries (id, job_id, tenant, event, url)
        SELECT 'msg_' || id || '_' || e, id, tenant, e, webhook_url FROM jobs, (VALUES (?)) AS v(e)
         WHERE id = ? AND webhook_url IS NOT NULL AND e = ANY (webhook_events)
        ON CONFLICT (id) DO NOTHING""",
        event.text(),
        id.value());
  }
}
