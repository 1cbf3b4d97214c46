/**
 * The commands that run in one process, with no service up: results are JSON lines on standard
 * output, errors one sentence on standard error, and the exit status is 0, 2 for bad input, or 1
 * for anything else.
 */
@NullMarked
package dev.darkroom.cli;

import org.jspecify.annotations.NullMarked;
