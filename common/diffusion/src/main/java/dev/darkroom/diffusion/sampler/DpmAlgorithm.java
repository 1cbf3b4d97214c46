package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.ConfigOption;

/**
 * What a DPM-Solver integrates: the network's noise or its clean sample, along the ODE or the SDE.
 * Each gives the weights of one update from level s to level t, h = lambda_t - lambda_s, for the
 * derivatives D of what it integrates.
 */
enum DpmAlgorithm implements ConfigOption {
  /** The noise, along the ODE. Lu et al. 2022a, algorithms 1 and 2. */
  DPMSOLVER("dpmsolver") {
    @Override
    Weights weights(Level s, Level t, SolverType type) {
      float h = t.lambda() - s.lambda();
      float grown = exp(h) - 1f;
      return new Weights(
          t.alpha() / s.alpha(),
          -(t.sigma() * grown),
          switch (type) {
            case MIDPOINT -> -(0.5f * (t.sigma() * grown));
            case HEUN -> -(t.sigma() * (grown / h - 1f));
          },
          -(t.sigma() * ((exp(h) - 1f - h) / (h * h) - 0.5f)),
          0f);
    }
  },
  /** The clean sample, along the ODE. Lu et al. 2022b, algorithms 1 and 2. */
  DPMSOLVER_PP("dpmsolver++") {
    @Override
    Weights weights(Level s, Level t, SolverType type) {
      float h = t.lambda() - s.lambda();
      float shrunk = exp(-h) - 1f;
      return new Weights(
          t.sigma() / s.sigma(),
          -(t.alpha() * shrunk),
          switch (type) {
            case MIDPOINT -> -(0.5f * (t.alpha() * shrunk));
            case HEUN -> t.alpha() * (shrunk / h + 1f);
          },
          -(t.alpha() * ((shrunk + h) / (h * h) - 0.5f)),
          0f);
    }
  },
  /** The noise, along the SDE. Lu et al. 2022b, appendix A. */
  SDE_DPMSOLVER("sde-dpmsolver") {
    @Override
    Weights weights(Level s, Level t, SolverType type) {
      float h = t.lambda() - s.lambda();
      float grown = exp(h) - 1f;
      return new Weights(
          t.alpha() / s.alpha(),
          -(2f * (t.sigma() * grown)),
          switch (type) {
            case MIDPOINT -> -(t.sigma() * grown);
            case HEUN -> -(2f * (t.sigma() * (grown / h - 1f)));
          },
          Float.NaN, // no third order
          t.sigma() * (float) Math.sqrt(exp(2f * h) - 1f));
    }
  },
  /** The clean sample, along the SDE. Lu et al. 2022b, appendix A. */
  SDE_DPMSOLVER_PP("sde-dpmsolver++") {
    @Override
    Weights weights(Level s, Level t, SolverType type) {
      float h = t.lambda() - s.lambda();
      float h2 = -2f * h;
      float lost = 1f - exp(h2);
      return new Weights(
          t.sigma() / s.sigma() * exp(-h),
          t.alpha() * lost,
          switch (type) {
            case MIDPOINT -> 0.5f * (t.alpha() * lost);
            case HEUN -> t.alpha() * (lost / h2 + 1f);
          },
          t.alpha() * ((lost + h2) / (h2 * h2) - 0.5f),
          t.sigma() * (float) Math.sqrt(lost));
    }
  };

  /** Where the second order term is taken. */
  enum SolverType {
    MIDPOINT,
    HEUN
  }

  /**
   * The weights of the sample, of D_0, D_1 and D_2 and of new noise in an update; the third order
   * takes D_1's of {@code HEUN}.
   */
  record Weights(float sample, float d0, float d1, float d2, float noise) {
    /** The first order update. */
    float[] apply(float[] x, float[] at0) {
      float[] next = new float[x.length];
      for (int i = 0; i < next.length; i++) {
        next[i] = sample * x[i] + d0 * at0[i];
      }
      return next;
    }

    /** The second order update. */
    float[] apply(float[] x, float[] at0, float[] at1) {
      float[] next = apply(x, at0);
      for (int i = 0; i < next.length; i++) {
        next[i] += d1 * at1[i];
      }
      return next;
    }

    /** The third order update. */
    float[] apply(float[] x, float[] at0, float[] at1, float[] at2) {
      float[] next = apply(x, at0, at1);
      for (int i = 0; i < next.length; i++) {
        next[i] += d2 * at2[i];
      }
      return next;
    }
  }

  private final String configName;

  DpmAlgorithm(String configName) {
    this.configName = configName;
  }

  @Override
  public String configName() {
    return configName;
  }

  /** The update's weights from level s to level t. */
  abstract Weights weights(Level s, Level t, SolverType type);

  /** Whether it integrates the clean sample. */
  boolean predictsData() {
    return switch (this) {
      case DPMSOLVER_PP, SDE_DPMSOLVER_PP -> true;
      case DPMSOLVER, SDE_DPMSOLVER -> false;
    };
  }

  /** Whether each update draws noise. */
  boolean draws() {
    return switch (this) {
      case SDE_DPMSOLVER, SDE_DPMSOLVER_PP -> true;
      case DPMSOLVER, DPMSOLVER_PP -> false;
    };
  }

  private static float exp(float x) {
    return (float) Math.exp(x);
  }
}
