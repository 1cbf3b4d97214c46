/** A whole Darkroom started for a benchmark, and its API as a client sees it. */
@NullMarked
package dev.darkroom.bench.system;

import org.jspecify.annotations.NullMarked;
