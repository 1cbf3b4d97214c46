/**
 * The settings, and how the plain objects of the other packages are put together. Nothing else
 * knows of the container.
 */
@NullMarked
package dev.darkroom.gateway.wiring;

import org.jspecify.annotations.NullMarked;
