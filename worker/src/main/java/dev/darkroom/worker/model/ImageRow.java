package dev.darkroom.worker.model;

import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerState;
import dev.darkroom.worker.engine.LatentShape;
import dev.darkroom.worker.engine.RowState;
import org.jspecify.annotations.Nullable;

/**
 * One image between two model calls: all that the next call needs, as plain values. Kept, it is the
 * snapshot from which the image goes on; to store it, store {@link #state()} and the request.
 *
 * @param shape of the latent
 * @param prompt [T, D], the encoded prompt
 * @param negativePrompt [T, D], the same of the negative one; not used where guidance is off
 * @param state the latent, what the sampler remembers, the step, the place in the noise stream
 * @param call the model call that led here; none before the first
 */
public record ImageRow(
    DiffusionModel model,
    LatentShape shape,
    Sampler sampler,
    ClassifierFreeGuidance guidance,
    float[] prompt,
    float[] negativePrompt,
    SamplerState state,
    @Nullable ModelCall call)
    implements RowState {

  /**
   * A model call of one row.
   *
   * @param before where the sampler stood
   * @param prediction what the model answered, guided
   */
  public record ModelCall(SamplerState before, float[] prediction) {}

  @Override
  public int step() {
    return state.step();
  }

  @Override
  public int steps() {
    return sampler.steps();
  }

  /**
   * What the finished image is expected to be, as a latent: the sampler's x0 of the last call, or
   * its start.
   */
  public float[] estimate() {
    return call == null ? state.sample() : sampler.denoised(call.before(), call.prediction());
  }

  ImageRow after(float[] prediction) {
    return new ImageRow(
        model,
        shape,
        sampler,
        guidance,
        prompt,
        negativePrompt,
        sampler.step(state, prediction),
        new ModelCall(state, prediction));
  }
}
