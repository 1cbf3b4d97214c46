/** Text encoders: from token ids to the states that a diffusion model attends to. */
@NullMarked
package dev.darkroom.diffusion.text;

import org.jspecify.annotations.NullMarked;
