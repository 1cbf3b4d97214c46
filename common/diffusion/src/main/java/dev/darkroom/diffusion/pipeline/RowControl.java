package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.controlnet.ControlNetModel;

/**
 * A ControlNet that acts on one row of a network call.
 *
 * @param hint of the row's picture, [C*h*w], as {@link ControlNetModel#hint} gives it
 * @param scale of its residuals
 * @param guess whether it is in guess mode
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RowControl(ControlNetModel net, float[] hint, double scale, boolean guess) {}
