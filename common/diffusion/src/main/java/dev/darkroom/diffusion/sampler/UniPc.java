package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.ConfigOption;
import dev.darkroom.diffusion.schedule.FinalSigma;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SolverLevels;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Unified predictor-corrector: each prediction first corrects the step that led to it, then makes
 * the next. Zhao et al. 2023, algorithms 5 to 8; {@code UniPCMultistepScheduler} of diffusers.
 *
 * <p>The history holds what was integrated at the last calls, as many as the order, then the sample
 * of the last call after its correction.
 */
public final class UniPc extends SolverSampler {
  static final String FIELDS =
      SolverSampler.FIELDS
          + " predict_x0 disable_corrector solver_p timestep_spacing steps_offset final_sigmas_type"
          + " rescale_betas_zero_snr sigma_min sigma_max shift_terminal";

  private static final int MAX_ORDER = 5;

  /** B(h) of the paper. */
  private enum Variant implements ConfigOption {
    BH1("bh1"),
    BH2("bh2");

    private final String configName;

    Variant(String configName) {
      this.configName = configName;
    }

    @Override
    public String configName() {
      return configName;
    }
  }

  private final Variant variant;
  private final boolean predictsData;
  private final boolean lowersLast;
  private final int order;
  private final Set<Integer> uncorrected;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param mu the shift of a flow's levels, where the configuration shifts dynamically; or null
   * @param sigmas a flow's levels, one a step and not yet shifted; or null
   */
  public UniPc(SchedulerConfig config, int steps, @Nullable Double mu, float @Nullable [] sigmas) {
    this(config.only(FIELDS), order(config, MAX_ORDER), steps, mu, sigmas);
  }

  private UniPc(
      SchedulerConfig own, int order, int steps, @Nullable Double mu, float @Nullable [] sigmas) {
    super(own, SolverLevels.uniPc(own, steps, mu, sigmas));
    own.requireAbsent("solver_p");
    this.order = order;
    this.predictsData = own.flag("predict_x0", true);
    this.lowersLast = own.flag("lower_order_final", true);
    this.uncorrected = own.integers("disable_corrector");
    // As in diffusers, a configuration of a sister class stands for this one's default.
    this.variant =
        switch (own.text("solver_type", "bh2")) {
          case "midpoint", "heun", "logrho" -> Variant.BH2;
          default -> own.option("solver_type", Variant.BH2);
        };
    if (own.option("final_sigmas_type", FinalSigma.ZERO) == FinalSigma.ZERO) {
      requireThatItReachesZero(own);
    }
  }

  /** Where diffusers answers NaN: the last step is infinitely long in lambda. */
  private void requireThatItReachesZero(SchedulerConfig own) {
    if (variant == Variant.BH1) {
      throw own.wrong("solver_type", "bh2, or final_sigmas_type sigma_min");
    }
    if (!predictsData) {
      throw own.wrong("predict_x0", "true, or final_sigmas_type sigma_min");
    }
    if (!lowersLast && order > 1 && steps() > 1) {
      throw own.wrong("lower_order_final", "true, or final_sigmas_type sigma_min");
    }
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int i = state.step();
    List<float[]> m = new ArrayList<>();
    m.add(integrand(state, prediction));
    float[] sample = state.sample();
    if (i > state.begin()) {
      List<float[]> history = state.history();
      m.addAll(history.subList(0, history.size() - 1));
      if (!uncorrected.contains(i - 1)) {
        sample = corrected(i, orderAt(i - 1, state.begin()), history.getLast(), m);
      }
    }
    float[] x = predicted(i, orderAt(i, state.begin()), sample, m);
    List<float[]> kept = new ArrayList<>(m.subList(0, Math.min(m.size(), order)));
    kept.add(sample);
    return state.next(x, kept);
  }

  private float[] integrand(SamplerState state, float[] prediction) {
    if (predictsData) {
      return denoised(state, prediction);
    }
    Level s = level(state.step());
    return estimate.epsilon(state.sample(), prediction, s.alpha(), s.sigma());
  }

  /** As many earlier calls as there are, and no more than calls are left. */
  private int orderAt(int i, int begin) {
    int allowed = lowersLast ? Math.min(order, levels.steps() - i) : order;
    return Math.min(allowed, i - begin + 1);
  }

  /** UniP: the step from call i to the next. m holds call i's, then the earlier ones. */
  private float[] predicted(int i, int p, float[] sample, List<float[]> m) {
    Step step = new Step(i, p);
    float[] rho =
        switch (p) {
          case 1 -> new float[0];
          case 2 -> new float[] {0.5f};
          default -> solve(step.matrix(p - 1), step.b);
        };
    float[] x = step.linear(sample, m.get(0));
    for (int j = 1; j < p; j++) {
      step.add(x, rho[j - 1], m.get(j), m.get(0), step.r[j - 1]);
    }
    return x;
  }

  /** UniC: the step that led to call i, again. m holds call i's, then the earlier ones. */
  private float[] corrected(int i, int p, float[] lastSample, List<float[]> m) {
    Step step = new Step(i - 1, p);
    float[] rho = p == 1 ? new float[] {0.5f} : solve(step.matrix(p), step.b);
    float[] x = step.linear(lastSample, m.get(1));
    for (int j = 1; j < p; j++) {
      step.add(x, rho[j - 1], m.get(j + 1), m.get(1), step.r[j - 1]);
    }
    step.add(x, rho[p - 1], m.get(0), m.get(1), 1f);
    return x;
  }

  /** A step from call i's level to the next, in the paper's symbols. */
  private final class Step {
    private final Level s0;
    private final Level t;
    private final float phi1;
    private final float bh;
    private final float[] r;
    private final float[] b;

    Step(int i, int p) {
      s0 = level(i);
      t = level(i + 1);
      float h = t.lambda() - s0.lambda();
      float hh = predictsData ? -h : h;
      r = new float[p];
      for (int j = 1; j < p; j++) {
        r[j - 1] = (level(i - j).lambda() - s0.lambda()) / h;
      }
      r[p - 1] = 1f;
      phi1 = (float) Math.expm1(hh);
      bh =
          switch (variant) {
            case BH1 -> hh;
            case BH2 -> phi1;
          };
      b = new float[p];
      float phi = phi1 / hh - 1f;
      float factorial = 1f;
      for (int j = 1; j <= p; j++) {
        b[j - 1] = phi * factorial / bh;
        factorial *= j + 1;
        phi = phi / hh - (float) (1 / (double) factorial);
      }
    }

    /** Row k holds the k-th powers of the first {@code size} ratios. */
    float[][] matrix(int size) {
      float[][] matrix = new float[size][size];
      for (int k = 0; k < size; k++) {
        for (int j = 0; j < size; j++) {
          matrix[k][j] = (float) Math.pow(r[j], k);
        }
      }
      return matrix;
    }

    /** The exact part, with the integrand at s0. */
    float[] linear(float[] sample, float[] m0) {
      float ofSample = predictsData ? t.sigma() / s0.sigma() : t.alpha() / s0.alpha();
      float ofM0 = outer() * phi1;
      float[] x = new float[sample.length];
      for (int k = 0; k < x.length; k++) {
        x[k] = ofSample * sample[k] - ofM0 * m0[k];
      }
      return x;
    }

    /** One difference's part. */
    void add(float[] x, float rho, float[] m, float[] m0, float r) {
      float weight = outer() * bh;
      for (int k = 0; k < x.length; k++) {
        x[k] -= weight * (rho * ((m[k] - m0[k]) / r));
      }
    }

    private float outer() {
      return predictsData ? t.alpha() : t.sigma();
    }
  }

  /** The solution of a small system by Gauss's elimination with pivots; b may be longer. */
  private static float[] solve(float[][] matrix, float[] b) {
    int n = matrix.length;
    double[][] a = new double[n][n + 1];
    for (int row = 0; row < n; row++) {
      for (int column = 0; column < n; column++) {
        a[row][column] = matrix[row][column];
      }
      a[row][n] = b[row];
    }
    for (int column = 0; column < n; column++) {
      int pivot = column;
      for (int row = column + 1; row < n; row++) {
        if (Math.abs(a[row][column]) > Math.abs(a[pivot][column])) {
          pivot = row;
        }
      }
      double[] swapped = a[column];
      a[column] = a[pivot];
      a[pivot] = swapped;
      for (int row = 0; row < n; row++) {
        if (row != column) {
          double factor = a[row][column] / a[column][column];
          for (int k = column; k <= n; k++) {
            a[row][k] -= factor * a[column][k];
          }
        }
      }
    }
    float[] solution = new float[n];
    for (int row = 0; row < n; row++) {
      solution[row] = (float) (a[row][n] / a[row][row]);
    }
    return solution;
  }
}
