package dev.darkroom.jobs.message;

/** Anything that travels in Kafka. */
public sealed interface Message permits JobRequested, Control, Event {
  /** The version that this code writes. */
  int VERSION = 1;

  /** The version of the sender's form. A form that old code cannot read gets a new type tag. */
  int v();
}
