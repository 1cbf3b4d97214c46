/**
 * What {@code up}, {@code status}, {@code down} and the recording of start-up caches do, one
 * command a file.
 */
@NullMarked
package dev.darkroom.local.command;

import org.jspecify.annotations.NullMarked;
