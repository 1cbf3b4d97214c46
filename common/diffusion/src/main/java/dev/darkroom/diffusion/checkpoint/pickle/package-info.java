/**
 * Python's pickle as data: a machine that builds values and calls nothing. What a pickle would call
 * is kept as a name with its arguments, and only names that its reader allows are.
 */
@NullMarked
package dev.darkroom.diffusion.checkpoint.pickle;

import org.jspecify.annotations.NullMarked;
