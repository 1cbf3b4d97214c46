package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;

/**
 * What all blocks of one forward share.
 *
 * @param time [N, timeChannels]
 * @param context [N, T, D]
 * @param contextBias [N, 1, 1, T], or null
 * @param perturbation of self-attention, or null
 */
public record Step(
    NDArray time,
    NDArray context,
    @Nullable NDArray contextBias,
    @Nullable Perturbation perturbation) {}
