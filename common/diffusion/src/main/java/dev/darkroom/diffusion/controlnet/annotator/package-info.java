/** What makes a ControlNet's picture of a photo: edges, scribbles, depth. */
@NullMarked
package dev.darkroom.diffusion.controlnet.annotator;

import org.jspecify.annotations.NullMarked;
