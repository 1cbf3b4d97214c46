/** Images from a prompt. */
@NullMarked
package dev.darkroom.cli.generate;

import org.jspecify.annotations.NullMarked;
