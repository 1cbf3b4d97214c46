/**
 * What all commands share: where results go, where the model that ships lies, how files appear
 * whole or not at all.
 */
@NullMarked
package dev.darkroom.cli.console;

import org.jspecify.annotations.NullMarked;
