package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;

/**
 * A webhook that is due.
 *
 * @param id the same at every attempt
 * @param attempt from 1
 */
public record Delivery(
    String id, JobId jobId, String tenant, WebhookEvent event, String url, int attempt) {}
