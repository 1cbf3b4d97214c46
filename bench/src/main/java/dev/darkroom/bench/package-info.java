/**
 * The benchmarks behind {@code ./darkroom bench NAME}: each is one class that {@link
 * dev.darkroom.bench.Main} lists.
 *
 * <p>Results go to standard output, one JSON object a line; progress to standard error.
 */
@NullMarked
package dev.darkroom.bench;

import org.jspecify.annotations.NullMarked;
