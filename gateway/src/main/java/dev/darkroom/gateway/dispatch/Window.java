package dev.darkroom.gateway.dispatch;

/**
 * How many jobs of a pool may lie in Kafka unclaimed. Small, because what lies there has lost its
 * place in the order; large enough that a slot that frees itself finds the next job there already.
 *
 * @param least while no worker is known
 * @param perSlot for each slot of the workers that are there
 */
public record Window(int least, int perSlot) {
  private static final int LARGEST = 10_000;

  /** The window for a pool whose workers have so many slots. */
  public int size(int slots) {
    return Math.clamp((long) slots * perSlot, least, LARGEST);
  }
}
