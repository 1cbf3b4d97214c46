package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;

/**
 * What all blocks of one forward share.
 *
 * @param time [N, timeChannels]
 * @param context [N, T, D]
 * @param contextBias [N, 1, 1, T], or null
 */
public record Step(NDArray time, NDArray context, @Nullable NDArray contextBias) {}
