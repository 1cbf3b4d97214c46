package dev.darkroom.local.supervisor;

/**
 * What a person asks of {@code ./darkroom up}.
 *
 * @param port of the gateway on 127.0.0.1; 0 picks a free one
 * @param workers processes that generate images, 0 to 64
 * @param trainers processes that train, 0 to 64
 * @param privateAddresses what webhooks and input URLs may reach
 */
public record UpOptions(int port, int workers, int trainers, PrivateAddresses privateAddresses) {
  private static final int MOST_PROCESSES = 64;

  public UpOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("--port: expected 0 to 65535, got %d".formatted(port));
    }
    requireCount("--workers", workers);
    requireCount("--trainers", trainers);
  }

  private static void requireCount(String option, int count) {
    if (count < 0 || count > MOST_PROCESSES) {
      throw new IllegalArgumentException(
          "%s: expected 0 to %d, got %d".formatted(option, MOST_PROCESSES, count));
    }
  }
}
