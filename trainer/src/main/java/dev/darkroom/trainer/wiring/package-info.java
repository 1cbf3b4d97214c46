/**
 * The Quarkus side of a trainer: its settings, and the bean that builds and closes the plain
 * objects.
 */
@NullMarked
package dev.darkroom.trainer.wiring;

import org.jspecify.annotations.NullMarked;
