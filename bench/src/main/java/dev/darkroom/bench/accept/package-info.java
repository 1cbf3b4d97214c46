/** How fast the gateway takes jobs. */
@NullMarked
package dev.darkroom.bench.accept;

import org.jspecify.annotations.NullMarked;
