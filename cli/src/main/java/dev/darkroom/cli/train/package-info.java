/** One training recipe on a local folder: the trainer's own, with files in place of events. */
@NullMarked
package dev.darkroom.cli.train;

import org.jspecify.annotations.NullMarked;
