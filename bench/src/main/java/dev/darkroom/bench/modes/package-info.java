/** Whole runs from a prompt to a picture in every mode of precision and memory. */
@NullMarked
package dev.darkroom.bench.modes;

import org.jspecify.annotations.NullMarked;
