package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.Timesteps;
import java.util.ArrayList;
import java.util.List;

/**
 * Pseudo numerical methods on manifolds: a linear multistep method (PLMS) of order 4 in the noise,
 * warmed up by Runge-Kutta steps or by one step taken twice. Liu et al. 2022, equations 9, 12 and
 * 13; {@code PNDMScheduler} of diffusers.
 *
 * <p>With {@code skip_prk_steps} the second time is visited twice: n + 1 calls. Without it the
 * first three steps take four calls each: n + 9 calls. It counts its calls from where a run begins,
 * also in the middle.
 */
public final class Pndm extends DiscreteTimeSampler {
  static final String FIELDS = DiscreteTimeSampler.FIELDS + " skip_prk_steps set_alpha_to_one";

  private static final int ORDER = 4;
  private static final int RUNGE_KUTTA_CALLS = 12;

  private final int stride;
  private final float finalAlphaCumprod;
  private final boolean rungeKutta;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]; at least 4 unless {@code skip_prk_steps}
   */
  public Pndm(SchedulerConfig config, int steps) {
    this(config.only(FIELDS), steps, config.flag("skip_prk_steps", false));
  }

  private Pndm(SchedulerConfig own, int steps, boolean skipsRungeKutta) {
    super(own, new CleanEstimate.Limit.None(), calls(own, steps, skipsRungeKutta));
    if (own.predictionType() == PredictionType.SAMPLE) {
      throw own.wrong("prediction_type", "epsilon or v_prediction for this sampler");
    }
    this.rungeKutta = !skipsRungeKutta;
    this.stride = schedule.numTrainTimesteps() / steps;
    this.finalAlphaCumprod = own.flag("set_alpha_to_one", false) ? 1f : schedule.alphasCumprod(0);
  }

  /** The time of each call. */
  private static int[] calls(SchedulerConfig own, int steps, boolean skipsRungeKutta) {
    int[] times = Timesteps.of(own, steps);
    List<Integer> calls = new ArrayList<>();
    if (skipsRungeKutta) {
      for (int i = 0; i < steps; i++) {
        calls.add(times[i]);
        if (i == 1) {
          calls.add(times[i]);
        }
      }
    } else {
      if (steps < ORDER) {
        throw DiffusionException.badInput(
            "steps: expected at least %d for PNDM without skip_prk_steps, got %d"
                .formatted(ORDER, steps));
      }
      int half = own.numTrainTimesteps() / steps / 2;
      for (int i = 0; i < ORDER - 1; i++) {
        int between = times[i + 1] + half;
        calls.addAll(List.of(times[i], between, between, times[i + 1]));
      }
      for (int i = ORDER - 1; i < steps; i++) {
        calls.add(times[i]);
      }
    }
    return calls.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int counter = state.step() - state.begin();
    return rungeKutta && counter < RUNGE_KUTTA_CALLS
        ? rungeKutta(state, prediction, counter)
        : linearMultistep(state, prediction, counter);
  }

  /**
   * Equation 13: four calls to one step. History: the weighted sum of this step's predictions, the
   * sample at its start, then the prediction at the start of each step.
   */
  private SamplerState rungeKutta(SamplerState state, float[] prediction, int counter) {
    int call = counter % 4;
    List<float[]> history = new ArrayList<>(state.history());
    float[] sum = call == 0 ? new float[prediction.length] : history.getFirst();
    float[] start = call == 0 ? state.sample() : history.get(1);
    List<float[]> starts = new ArrayList<>();
    if (call == 0) {
      starts.add(prediction);
      starts.addAll(counter == 0 ? List.of() : history);
    } else {
      starts.addAll(history.subList(2, history.size()));
    }
    float weight = call == 0 || call == 3 ? (float) (1 / 6.0) : (float) (1 / 3.0);
    float[] weighted = new float[sum.length];
    for (int i = 0; i < weighted.length; i++) {
      weighted[i] = sum[i] + weight * prediction[i];
    }
    int previous = timesteps[state.step()] - (counter % 2 == 1 ? 0 : stride / 2);
    // As diffusers counts: from its first call, also where a run begins in the middle.
    int t = timesteps[counter - call];
    float[] x = transfer(start, call == 3 ? weighted : prediction, t, previous);
    if (call == 3) {
      return state.next(x, starts);
    }
    List<float[]> kept = new ArrayList<>(List.of(weighted, start));
    kept.addAll(starts);
    return state.next(x, kept);
  }

  /**
   * Equation 12. History: earlier predictions, after the first call with the sample it came from.
   */
  private SamplerState linearMultistep(SamplerState state, float[] prediction, int counter) {
    int t = timesteps[state.step()];
    if (counter == 1) {
      // the first step again, with the mean of the slopes at its ends
      float[] first = state.history().getFirst();
      float[] start = state.history().get(1);
      float[] mean = new float[prediction.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (prediction[i] + first[i]) / 2;
      }
      return state.next(transfer(start, mean, t + stride, t), List.of(first));
    }
    List<float[]> e = new ArrayList<>(state.history());
    e.addFirst(prediction);
    float[] slope = new float[prediction.length];
    for (int i = 0; i < slope.length; i++) {
      slope[i] =
          switch (e.size()) {
            case 1 -> prediction[i];
            case 2 -> (3 * e.get(0)[i] - e.get(1)[i]) / 2;
            case 3 -> (23 * e.get(0)[i] - 16 * e.get(1)[i] + 5 * e.get(2)[i]) / 12;
            default ->
                (float) (1 / 24.0)
                    * (55 * e.get(0)[i] - 59 * e.get(1)[i] + 37 * e.get(2)[i] - 9 * e.get(3)[i]);
          };
    }
    float[] x = transfer(state.sample(), slope, t, t - stride);
    return state.next(
        x,
        counter == 0
            ? List.of(prediction, state.sample())
            : e.subList(0, Math.min(e.size(), ORDER - 1)));
  }

  /** Equation 9: from time t to an earlier one, along a prediction. */
  private float[] transfer(float[] sample, float[] prediction, int t, int previous) {
    float abar = schedule.alphasCumprod(t);
    float abarPrevious = alphasCumprod(previous, finalAlphaCumprod);
    float[] e = estimate.epsilon(sample, prediction, schedule.alpha(t), schedule.sigma(t));
    float ofSample = (float) Math.sqrt(abarPrevious / abar);
    float ofNoise =
        abar * (float) Math.sqrt(1f - abarPrevious)
            + (float) Math.sqrt(abar * (1f - abar) * abarPrevious);
    float[] x = new float[sample.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = ofSample * sample[i] - (abarPrevious - abar) * e[i] / ofNoise;
    }
    return x;
  }
}
