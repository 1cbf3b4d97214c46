/**
 * Whole models: a diffusers folder in, pictures out. The loops are straight lines that read like
 * the paper; an engine that batches requests uses the parts (encode, network, decode) and must give
 * the same pictures.
 */
@NullMarked
package dev.darkroom.diffusion.pipeline;

import org.jspecify.annotations.NullMarked;
