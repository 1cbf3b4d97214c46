package dev.darkroom.jobs.queue;

import dev.darkroom.jobs.job.Acknowledgement;
import java.util.concurrent.CompletableFuture;

/**
 * A record in hand. Its lock is renewed until it is settled, once; later calls change nothing. If
 * the lock is lost meanwhile another consumer gets the record: whether the work counts is Postgres'
 * to say.
 *
 * @param value the message
 * @param deliveries how often it was delivered, this time included
 */
public record Delivery<T>(T value, int deliveries, CompletableFuture<Acknowledgement> settled) {

  /** Settles it. */
  public void settle(Acknowledgement acknowledgement) {
    settled.complete(acknowledgement);
  }

  /** It is done with. */
  public void accept() {
    settle(Acknowledgement.ACCEPT);
  }

  /** Another consumer shall have it. */
  public void release() {
    settle(Acknowledgement.RELEASE);
  }

  /** It goes to the dead letters. */
  public void reject() {
    settle(Acknowledgement.REJECT);
  }
}
