/**
 * What models are built of: parameters by checkpoint key, layers, and blocks whose forward is one
 * TorchScript kernel each. The same forward serves inference and training; parameters are plain
 * arrays that an optimizer may update in place.
 */
@NullMarked
package dev.darkroom.diffusion.nn;

import org.jspecify.annotations.NullMarked;
