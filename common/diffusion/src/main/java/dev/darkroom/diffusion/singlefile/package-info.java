/**
 * Models in one file, as CompVis and its successors saved them: which family a file is of, and its
 * components under diffusers' names, in both directions. The names themselves are those of each
 * component's package.
 */
@NullMarked
package dev.darkroom.diffusion.singlefile;

import org.jspecify.annotations.NullMarked;
