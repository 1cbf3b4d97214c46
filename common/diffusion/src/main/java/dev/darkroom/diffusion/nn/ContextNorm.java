package dev.darkroom.diffusion.nn;

/** How a context is normed before attention to it: diffusers' {@code cross_attention_norm}. */
public enum ContextNorm {
  /** Each token by itself; the context has as many channels as the map. */
  layer_norm,
  /** All tokens together, in groups of channels. */
  group_norm
}
