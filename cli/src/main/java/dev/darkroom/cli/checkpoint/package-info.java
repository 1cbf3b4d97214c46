/** Checkpoints: what one is, whether it is whole, and the same model in another form. */
@NullMarked
package dev.darkroom.cli.checkpoint;

import org.jspecify.annotations.NullMarked;
