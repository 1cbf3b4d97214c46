/** A model of Stable Diffusion 1.5's shapes for the benchmarks that need a whole one. */
@NullMarked
package dev.darkroom.bench.model;

import org.jspecify.annotations.NullMarked;
