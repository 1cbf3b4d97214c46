package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SolverLevels;
import java.util.ArrayList;
import java.util.List;

/**
 * The stochastic Adams solver: a predictor (Adams and Bashforth) and a corrector (Adams and
 * Moulton) of orders 1 to 4 for the SDE whose noise tau scales. Xue et al. 2023; {@code
 * SASolverScheduler} of diffusers, where tau is 1 at times from 200 to 800 and 0 at others. Draws
 * at every step.
 *
 * <p>The history holds the sample and the noise of the last step, then what was integrated at
 * earlier calls, the latest first.
 */
public final class SaSolver extends SolverSampler {
  static final String FIELDS =
      "num_train_timesteps beta_start beta_end beta_schedule trained_betas predictor_order"
          + " corrector_order prediction_type tau_func thresholding dynamic_thresholding_ratio"
          + " sample_max_value algorithm_type lower_order_final use_karras_sigmas"
          + " use_exponential_sigmas use_beta_sigmas use_flow_sigmas flow_shift lambda_min_clipped"
          + " variance_type timestep_spacing steps_offset";

  private static final int MAX_ORDER = 4;

  private final boolean predictsData;
  private final int predictorOrder;
  private final int correctorOrder;
  private final boolean lowersLast;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public SaSolver(SchedulerConfig config, int steps) {
    this(steps, config.only(FIELDS));
  }

  private SaSolver(int steps, SchedulerConfig own) {
    super(own, SolverLevels.deis(own, steps, null));
    // A configuration of a sister class stands for this one's default.
    this.predictsData =
        switch (own.text("algorithm_type", "data_prediction")) {
          case "data_prediction",
              "dpmsolver",
              "dpmsolver++",
              "sde-dpmsolver",
              "sde-dpmsolver++",
              "deis" ->
              true;
          case "noise_prediction" -> false;
          default -> throw own.wrong("algorithm_type", "data_prediction or noise_prediction");
        };
    if (!predictsData && own.flag("thresholding", false)) {
      throw own.wrong("thresholding", "false with noise_prediction");
    }
    if (!predictsData && own.flag("use_flow_sigmas", false)) {
      throw own.wrong("use_flow_sigmas", "false with noise_prediction");
    }
    if (own.text("variance_type", "").startsWith("learned")) {
      throw own.wrong("variance_type", "none that is learned");
    }
    own.requireAbsent("tau_func");
    this.predictorOrder = order(own, "predictor_order");
    this.correctorOrder = order(own, "corrector_order");
    this.lowersLast = own.flag("lower_order_final", true);
  }

  private static int order(SchedulerConfig own, String field) {
    int order = own.integer(field, 2);
    if (order < 1 || order > MAX_ORDER) {
      throw own.wrong(field, "1 to " + MAX_ORDER);
    }
    return order;
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int i = state.step();
    float[] m0 = predictsData ? denoised(state, prediction) : noiseOf(state, prediction);
    List<float[]> history = state.history();
    List<float[]> m = new ArrayList<>(history.subList(Math.min(2, history.size()), history.size()));
    m.addFirst(m0);

    // 1. correct the last step by what the network says of where it went
    float[] x = state.sample();
    if (!history.isEmpty()) {
      x = corrected(i, correctorOrder(state), history.get(0), history.get(1), m);
    }

    // 2. predict the next
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(x.length);
    float[] next = predicted(i, predictorOrder(state), x, noise, m);

    List<float[]> kept = new ArrayList<>(List.of(x, noise));
    kept.addAll(m.subList(0, Math.min(m.size(), remembered())));
    return state.next(next, kept, generator);
  }

  private float[] noiseOf(SamplerState state, float[] prediction) {
    Level s = level(state.step());
    return estimate.epsilon(state.sample(), prediction, s.alpha(), s.sigma());
  }

  private int remembered() {
    return Math.max(predictorOrder, correctorOrder - 1);
  }

  /** The calls that lie behind, as far as they count. */
  private int warm(SamplerState state, int call) {
    return Math.min(call - state.begin(), remembered());
  }

  private int predictorOrder(SamplerState state) {
    int i = state.step();
    int order = lowersLast ? Math.min(predictorOrder, steps() - i) : predictorOrder;
    return Math.min(order, warm(state, i) + 1);
  }

  /** As it was decided at the last call. */
  private int correctorOrder(SamplerState state) {
    int last = state.step() - 1;
    int order = lowersLast ? Math.min(correctorOrder, steps() - last + 1) : correctorOrder;
    return Math.min(order, warm(state, last) + 2);
  }

  /** At a call. */
  private float tau(int call) {
    float t = timestep(call);
    return t >= 200 && t <= 800 ? 1 : 0;
  }

  private float[] predicted(int i, int order, float[] x, float[] noise, List<float[]> m) {
    float tau = tau(i);
    Level s0 = level(i);
    Level t = level(i + 1);
    float[] b = coefficients(i, order, s0, t, tau);
    if (predictsData && order == 2) {
      // As diffusers: of third order in h, better in few steps.
      float h = t.lambda() - s0.lambda();
      float tilt = tilt(t, h, tau, h * h / 2, 1) / (s0.lambda() - level(i - 1).lambda());
      b[0] += tilt;
      b[1] -= tilt;
    }
    return updated(s0, t, tau, x, noise, b, m);
  }

  private float[] corrected(
      int i, int order, float[] lastSample, float[] lastNoise, List<float[]> m) {
    float tau = tau(i - 1);
    Level s0 = level(i - 1);
    Level t = level(i);
    float[] b = coefficients(i, order, s0, t, tau);
    if (predictsData && order == 2) {
      float h = t.lambda() - s0.lambda();
      float tilt = tilt(t, h, tau, h / 2, h);
      b[0] += tilt;
      b[1] -= tilt;
    }
    return updated(s0, t, tau, lastSample, lastNoise, b, m);
  }

  private static float tilt(Level t, float h, float tau, float half, float over) {
    float k = 1 + tau * tau;
    return exp(k * t.lambda()) * (half - (h * k - 1 + exp(k * -h)) / (k * k * over));
  }

  private float[] updated(
      Level s0, Level t, float tau, float[] x, float[] noise, float[] b, List<float[]> m) {
    float h = t.lambda() - s0.lambda();
    float square = tau * tau;
    float ofSample;
    float ofNoise;
    float ofAll;
    if (predictsData) {
      ofSample = exp(-square * h) * (t.sigma() / s0.sigma());
      ofNoise = t.sigma() * (float) Math.sqrt(1 - exp(-2 * square * h));
      ofAll = (1 + square) * t.sigma() * exp(-square * t.lambda());
    } else {
      ofSample = t.alpha() / s0.alpha();
      ofNoise = tau * t.sigma() * (float) Math.sqrt(exp(2 * h) - 1);
      ofAll = -(1 + square) * t.alpha();
    }
    float[] next = new float[x.length];
    for (int j = 0; j < b.length; j++) {
      float weight = ofAll * b[j];
      float[] each = m.get(j);
      for (int k = 0; k < next.length; k++) {
        next[k] += weight * each[k];
      }
    }
    for (int k = 0; k < next.length; k++) {
      next[k] = ofSample * x[k] + next[k] + ofNoise * noise[k];
    }
    return next;
  }

  /** The weights of the last estimates: integrals of the polynomials that tell them apart. */
  private float[] coefficients(int i, int order, Level from, Level to, float tau) {
    float[] lambdas = new float[order];
    for (int j = 0; j < order; j++) {
      lambdas[j] = level(i - j).lambda();
    }
    float[] weights = new float[order];
    for (int j = 0; j < order; j++) {
      float[] polynomial = lagrange(lambdas, j);
      for (int k = 0; k < order; k++) {
        int degree = order - 1 - k;
        weights[j] +=
            polynomial[k]
                * (predictsData
                    ? integralOfData(degree, from.lambda(), to.lambda(), 1 + tau * tau)
                    : integralOfNoise(degree, from.lambda(), to.lambda()));
      }
    }
    return weights;
  }

  /**
   * The polynomial that is 1 at one node and 0 at the others, from the highest degree down. The
   * terms of order 4 all but cancel, so they are added in diffusers' order.
   */
  private static float[] lagrange(float[] nodes, int one) {
    float[] zeros = new float[nodes.length - 1];
    float denominator = 1;
    for (int j = 0; j < zeros.length; j++) {
      zeros[j] = nodes[j < one ? j : j + 1];
      denominator *= nodes[one] - zeros[j];
    }
    float[] polynomial = ofZeros(zeros);
    for (int k = 0; k < polynomial.length; k++) {
      polynomial[k] /= denominator;
    }
    return polynomial;
  }

  /** The product of x - z over some zeros z, from the highest degree down. */
  private static float[] ofZeros(float[] z) {
    return switch (z.length) {
      case 0 -> new float[] {1};
      case 1 -> new float[] {1, -z[0]};
      case 2 -> new float[] {1, -z[0] - z[1], z[0] * z[1]};
      default ->
          new float[] {
            1, -z[0] - z[1] - z[2], z[0] * z[1] + z[0] * z[2] + z[1] * z[2], -z[0] * z[1] * z[2]
          };
    };
  }

  /** Of e^(kx) x^n from a to b. */
  private static float integralOfData(int n, float a, float b, float k) {
    float from = k * a;
    float to = k * b;
    float shrunk = exp(-(to - from));
    float inner = atEndOfData(n, to) - atEndOfData(n, from) * shrunk;
    return exp(to) * inner / (float) Math.pow(k, n + 1);
  }

  private static float atEndOfData(int n, float x) {
    return switch (n) {
      case 0 -> 1;
      case 1 -> x - 1;
      case 2 -> x * x - 2 * x + 2;
      default -> x * x * x - 3 * (x * x) + 6 * x - 6;
    };
  }

  /** Of e^(-x) x^n from a to b. */
  private static float integralOfNoise(int n, float a, float b) {
    return exp(-b) * (atEndOfNoise(n, a) * exp(b - a) - atEndOfNoise(n, b));
  }

  private static float atEndOfNoise(int n, float x) {
    return switch (n) {
      case 0 -> 1;
      case 1 -> x + 1;
      case 2 -> x * x + 2 * x + 2;
      default -> x * x * x + 3 * (x * x) + 6 * x + 6;
    };
  }

  private static float exp(float x) {
    return (float) Math.exp(x);
  }
}
