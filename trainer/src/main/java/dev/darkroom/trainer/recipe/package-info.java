/**
 * The ways to train, each one file that reads top to bottom over {@code loop}, with its typed
 * config. A recipe trains components of a diffusers folder and writes them back as such.
 */
@NullMarked
package dev.darkroom.trainer.recipe;

import org.jspecify.annotations.NullMarked;
