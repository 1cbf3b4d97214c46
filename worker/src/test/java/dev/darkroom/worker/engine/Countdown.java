package dev.darkroom.worker.engine;

/** A row without a latent: it knows its name and counts its steps. */
record Countdown(String name, int step, int steps) implements RowState {
  static Countdown of(String name, int steps) {
    return new Countdown(name, 0, steps);
  }

  Countdown next() {
    return new Countdown(name, step + 1, steps);
  }
}
