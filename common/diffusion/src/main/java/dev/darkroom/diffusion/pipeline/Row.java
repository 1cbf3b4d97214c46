package dev.darkroom.diffusion.pipeline;

import java.util.List;

/**
 * One row of a network call.
 *
 * @param input the sampler's {@code modelInput}, then what else the network reads, [C*h*w]
 * @param timestep in [0, T)
 * @param controls the ControlNets that act on it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Row(
    float[] input, float timestep, RowConditions conditions, List<RowControl> controls) {

  /** A row that no ControlNet acts on. */
  public Row(float[] input, float timestep, RowConditions conditions) {
    this(input, timestep, conditions, List.of());
  }

  /** A row of a model that is conditioned on a prompt alone: [T * D] of any T. */
  public Row(float[] input, float timestep, float[] context) {
    this(input, timestep, RowConditions.text(context));
  }
}
