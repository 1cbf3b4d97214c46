/**
 * The Quarkus side of a worker: its settings, and the beans that build and close the plain objects.
 */
@NullMarked
package dev.darkroom.worker.wiring;

import org.jspecify.annotations.NullMarked;
