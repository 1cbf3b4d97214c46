/** What the processes hold in memory as jobs go by. */
@NullMarked
package dev.darkroom.bench.memory;

import org.jspecify.annotations.NullMarked;
