/** Processes that are measured side by side, ours and a peer's, a step at a time. */
@NullMarked
package dev.darkroom.bench.peer;

import org.jspecify.annotations.NullMarked;
