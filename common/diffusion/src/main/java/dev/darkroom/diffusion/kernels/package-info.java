/**
 * The way to libtorch beyond DJL's NDArray methods: TorchScript programs written and called from
 * Java, the engine's start-up, gradient mode, and the lifetime of native memory. Of {@code
 * ai.djl.pytorch} the packages above it name {@code IValue} alone, as what layers are held by.
 */
@NullMarked
package dev.darkroom.diffusion.kernels;

import org.jspecify.annotations.NullMarked;
