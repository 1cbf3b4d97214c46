/** What it takes to bring a large single file into memory. */
@NullMarked
package dev.darkroom.bench.load;

import org.jspecify.annotations.NullMarked;
