package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.Arrays;

/** From what the network predicts to the clean sample x_0, where x_t = alpha_t x_0 + sigma_t e. */
record CleanEstimate(PredictionType prediction) {

  /** The estimate of a sampler that knows no flow. */
  static CleanEstimate withoutFlow(SchedulerConfig config) {
    if (config.predictionType() == PredictionType.FLOW) {
      throw config.wrong("prediction_type", "epsilon, v_prediction or sample for this sampler");
    }
    return new CleanEstimate(config.predictionType());
  }

  /** x_0 of a prediction. */
  float[] x0(float[] x, float[] output, float alpha, float sigma) {
    float[] x0 = new float[x.length];
    switch (prediction) {
      case EPSILON -> {
        for (int i = 0; i < x0.length; i++) {
          x0[i] = (x[i] - sigma * output[i]) / alpha;
        }
      }
      case V_PREDICTION -> {
        for (int i = 0; i < x0.length; i++) {
          x0[i] = alpha * x[i] - sigma * output[i];
        }
      }
      case SAMPLE -> System.arraycopy(output, 0, x0, 0, x0.length);
      case FLOW -> {
        for (int i = 0; i < x0.length; i++) {
          x0[i] = x[i] - sigma * output[i];
        }
      }
    }
    return x0;
  }

  /** The noise of a prediction; {@code sample} models get theirs from x_0. */
  float[] epsilon(float[] x, float[] output, float alpha, float sigma) {
    float[] e = new float[x.length];
    switch (prediction) {
      case EPSILON -> System.arraycopy(output, 0, e, 0, e.length);
      case V_PREDICTION -> {
        for (int i = 0; i < e.length; i++) {
          e[i] = alpha * output[i] + sigma * x[i];
        }
      }
      case SAMPLE -> {
        for (int i = 0; i < e.length; i++) {
          e[i] = (x[i] - alpha * output[i]) / sigma;
        }
      }
      case FLOW -> {
        for (int i = 0; i < e.length; i++) {
          e[i] = x[i] + alpha * output[i];
        }
      }
    }
    return e;
  }

  /** How x_0 is kept in range, for models of pixels. */
  sealed interface Limit {
    /** Changes x_0 in place. */
    void apply(float[] x0);

    /** As latent models have it. */
    record None() implements Limit {
      @Override
      public void apply(float[] x0) {}
    }

    /** Cut at [-range, range]. */
    record Clip(float range) implements Limit {
      @Override
      public void apply(float[] x0) {
        for (int i = 0; i < x0.length; i++) {
          x0[i] = Math.clamp(x0[i], -range, range);
        }
      }
    }

    /**
     * Cut at a percentile s of |x_0|, then divided by s. Saharia et al. 2022 (Imagen), section 2.3.
     */
    record Dynamic(double ratio, float max) implements Limit {
      @Override
      public void apply(float[] x0) {
        float[] sorted = new float[x0.length];
        for (int i = 0; i < sorted.length; i++) {
          sorted[i] = Math.abs(x0[i]);
        }
        Arrays.sort(sorted);
        double rank = ratio * (sorted.length - 1);
        int low = (int) Math.floor(rank);
        int high = Math.min(low + 1, sorted.length - 1);
        float quantile = sorted[low] + (float) (rank - low) * (sorted[high] - sorted[low]);
        float s = Math.min(Math.max(quantile, 1f), max);
        for (int i = 0; i < x0.length; i++) {
          x0[i] = Math.clamp(x0[i], -s, s) / s;
        }
      }
    }

    /** The limit of those samplers that only threshold. */
    static Limit thresholdOf(SchedulerConfig config) {
      return config.flag("thresholding", false) ? of(config, false) : new None();
    }

    /** The limit that a configuration asks for. */
    static Limit of(SchedulerConfig config, boolean clipsByDefault) {
      if (config.flag("thresholding", false)) {
        return new Dynamic(
            config.number("dynamic_thresholding_ratio", 0.995),
            (float) config.number("sample_max_value", 1.0));
      }
      return config.flag("clip_sample", clipsByDefault)
          ? new Clip((float) config.number("clip_sample_range", 1.0))
          : new None();
    }
  }
}
