/**
 * Noise. PyTorch's CPU stream, drawn in Java: a seed gives the numbers that {@code
 * torch.Generator("cpu").manual_seed(seed)} gives, bit for bit, on every machine; a generator
 * belongs to one request and can be saved. A Brownian path, as torchsde draws it, is made of such
 * streams.
 */
@NullMarked
package dev.darkroom.diffusion.random;

import org.jspecify.annotations.NullMarked;
