/** How long {@code ./darkroom up} takes. */
@NullMarked
package dev.darkroom.bench.up;

import org.jspecify.annotations.NullMarked;
