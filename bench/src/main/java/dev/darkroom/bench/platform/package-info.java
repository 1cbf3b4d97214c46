/** How much of the model's own speed is left once the whole system is around it. */
@NullMarked
package dev.darkroom.bench.platform;

import org.jspecify.annotations.NullMarked;
