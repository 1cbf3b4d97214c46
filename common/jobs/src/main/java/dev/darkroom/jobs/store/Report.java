package dev.darkroom.jobs.store;

import java.util.Map;

/**
 * What a job leaves beside its outcome.
 *
 * @param logs the end of its log; cut from the front at {@value #MAX_LOGS} characters
 * @param metrics what was measured, by name
 */
public record Report(String logs, Map<String, Double> metrics) {
  /** Longest log kept. */
  public static final int MAX_LOGS = 64 * 1024;

  public Report {
    if (logs.length() > MAX_LOGS) {
      logs = logs.substring(logs.length() - MAX_LOGS);
    }
    metrics = Map.copyOf(metrics);
  }
}
