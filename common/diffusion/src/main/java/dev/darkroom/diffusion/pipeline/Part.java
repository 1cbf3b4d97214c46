package dev.darkroom.diffusion.pipeline;

import java.util.function.Function;

/**
 * A component of a model: there all the time, or only while it is used.
 *
 * @param <M> its network
 */
sealed interface Part<M> permits Part.Resident, OffloadedPart {

  /** The network for what it says of itself; its weights may be gone. */
  M outline();

  /** Computes with the network; what it returns must not be its tensors. */
  <R> R use(Function<? super M, R> work);

  /** One that is there all the time. */
  record Resident<M>(M outline) implements Part<M> {
    @Override
    public <R> R use(Function<? super M, R> work) {
      return work.apply(outline);
    }
  }
}
