package dev.darkroom.diffusion.nn;

/** A model that adapters can change. */
public interface Adaptable {
  AdaptableLayers adaptable();
}
