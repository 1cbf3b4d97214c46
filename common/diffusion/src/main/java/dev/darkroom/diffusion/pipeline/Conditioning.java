package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.sampler.Sampler;
import java.util.List;

/**
 * What the network calls of a run are conditioned on, and how their predictions for one picture
 * become one.
 */
interface Conditioning {

  /**
   * One question to the network about a picture.
   *
   * @param seesPicture whether the channels beside the latent are the picture's; else they are
   *     zeros
   * @param toward whether it is on the prompt's side of the guidance; else it is what the guidance
   *     moves away from
   */
  record Branch(RowConditions conditions, boolean seesPicture, boolean toward) {}

  /** What the network is told of the time at a call: the sampler's. */
  default float time(Sampler sampler, int step) {
    return sampler.timestep(step);
  }

  /** What to ask the network for at a call, about every picture. */
  List<Branch> branches(int step);

  /**
   * The guided prediction.
   *
   * @param predictions [C*h*w] each, in the order of {@link #branches}
   */
  float[] guided(int step, List<float[]> predictions);
}
