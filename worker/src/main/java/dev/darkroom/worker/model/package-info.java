/**
 * Models in memory: {@link dev.darkroom.worker.model.ModelShelf} keeps as many loaded as its budget
 * allows, and the rest of the package puts the diffusion library behind the engine's seam, so that
 * tensors and their owners are nobody else's business.
 */
@NullMarked
package dev.darkroom.worker.model;

import org.jspecify.annotations.NullMarked;
