/**
 * The model library: latent diffusion models on DJL's PyTorch engine. It knows tensors, checkpoints
 * and samplers; it knows no jobs, no Kafka and no web server, so that a model can be run, trained
 * and compared in one plain process.
 */
@NullMarked
package dev.darkroom.diffusion;

import org.jspecify.annotations.NullMarked;
