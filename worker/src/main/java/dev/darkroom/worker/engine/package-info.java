/**
 * The generation engine: a loop of steps over rows. A row is one image on its way from noise to
 * latent. {@link dev.darkroom.worker.engine.BatchScheduler} decides which rows hold a slot and
 * which of them share the next forward, {@link dev.darkroom.worker.engine.Engine} is what its
 * threads run, and {@link dev.darkroom.worker.engine.Denoiser} is the seam behind which the tensors
 * live. Nothing here imports DJL, so all of it is tested without a model.
 */
@NullMarked
package dev.darkroom.worker.engine;

import org.jspecify.annotations.NullMarked;
