package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** Where a model's parameters come from: a checkpoint, or a seed. */
public interface ParameterSource {

  /** The owner of the parameters handed out, on the device where the model will run. */
  NDManager manager();

  /**
   * The parameter under a checkpoint key; each key is asked for once.
   *
   * @param key diffusers' name, {@code down_blocks.0.resnets.1.conv1.weight}
   * @param shape what the model needs
   * @param initialisation how it starts where nothing is stored
   * @return float32 of exactly {@code shape}, owned by {@link #manager()} and by no scope
   * @throws dev.darkroom.diffusion.DiffusionException if a checkpoint lacks the key or holds
   *     another shape
   */
  NDArray take(String key, Shape shape, Initialisation initialisation);

  /**
   * The same for whoever brings the values into an order of its own before it computes: in the type
   * they are stored in, where that saves a copy.
   *
   * @return float32, float16 or bfloat16; not to be written to
   */
  default NDArray takeStored(String key, Shape shape, Initialisation initialisation) {
    return take(key, shape, initialisation);
  }

  /** Whether what {@link #takeStored} handed out under a key are a file's own bytes, mapped. */
  default boolean isMapped(String key) {
    return false;
  }

  /**
   * Whether a checkpoint holds {@code key}: for names that changed over time. A seed holds every
   * key.
   */
  boolean holds(String key);
}
