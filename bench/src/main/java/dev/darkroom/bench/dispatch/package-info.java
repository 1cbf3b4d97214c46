/** How soon a worker starts an accepted job. */
@NullMarked
package dev.darkroom.bench.dispatch;

import org.jspecify.annotations.NullMarked;
