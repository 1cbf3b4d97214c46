package dev.darkroom.diffusion.schedule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The forward process q(x_t | x_0) = N(sqrt(abar_t) x_0, (1 - abar_t) I) of Ho et al. 2020, for t
 * in [0, T).
 *
 * <p>Written alpha_t = sqrt(abar_t) and sigma_t = sqrt(1 - abar_t), as in Salimans and Ho 2022.
 * Immutable.
 */
public final class NoiseSchedule {
  /** Stands for abar_T = 0 where a sigma is divided by it; the smallest float16. */
  private static final float TINY_ALPHA = 0x1p-24f;

  private final float[] betas;
  private final float[] alphasCumprod;

  private NoiseSchedule(float[] betas) {
    this.betas = betas;
    this.alphasCumprod = cumulativeProduct(betas);
  }

  /** The schedule that a scheduler configuration describes. */
  public static NoiseSchedule of(SchedulerConfig config) {
    float[] betas = betas(config);
    return new NoiseSchedule(
        config.flag("rescale_betas_zero_snr", false) ? zeroTerminalSnr(betas) : betas);
  }

  /** T, the number of training times. */
  public int numTrainTimesteps() {
    return betas.length;
  }

  /** beta_t. */
  public float beta(int t) {
    return betas[t];
  }

  /** abar_t, the share of the signal's variance at time t. */
  public float alphasCumprod(int t) {
    return alphasCumprod[t];
  }

  /** All of abar, [T]. */
  public float[] alphasCumprod() {
    return alphasCumprod.clone();
  }

  /** alpha_t = sqrt(abar_t). */
  public float alpha(int t) {
    return (float) Math.sqrt(alphasCumprod[t]);
  }

  /** sigma_t = sqrt(1 - abar_t). */
  public float sigma(int t) {
    return (float) Math.sqrt(1f - alphasCumprod[t]);
  }

  /** The signal-to-noise ratio abar_t / (1 - abar_t). */
  public float snr(int t) {
    return alphasCumprod[t] / (1f - alphasCumprod[t]);
  }

  /**
   * Noise over signal, sqrt((1 - abar) / abar), at every time: [T], finite even at zero terminal
   * SNR.
   */
  public float[] sigmas() {
    float[] squares = new float[betas.length];
    for (int t = 0; t < squares.length; t++) {
      float abar = alphasCumprod[t] == 0f ? TINY_ALPHA : alphasCumprod[t];
      squares[t] = (1f - abar) / abar;
    }
    return ReferenceMath.sqrt(squares);
  }

  /** x_t = alpha_t x_0 + sigma_t e, one row. */
  public float[] addNoise(float[] x0, float[] noise, int t) {
    float alpha = alpha(t);
    float sigma = sigma(t);
    float[] xt = new float[x0.length];
    for (int i = 0; i < xt.length; i++) {
      xt[i] = alpha * x0[i] + sigma * noise[i];
    }
    return xt;
  }

  /**
   * x_t = alpha_t x_0 + sigma_t e, a time for each row.
   *
   * @param x0 [N, ...] float32
   * @param noise the shape of x0
   * @param timesteps [N], in [0, T)
   * @return the shape of x0; owned by x0's manager
   */
  public NDArray addNoise(NDArray x0, NDArray noise, int[] timesteps) {
    return mix(x0, noise, timesteps, 1);
  }

  /**
   * v_t = alpha_t e - sigma_t x_0, what a v-predicting network learns; shapes as in {@link
   * #addNoise}.
   */
  public NDArray velocity(NDArray x0, NDArray noise, int[] timesteps) {
    return mix(noise, x0, timesteps, -1);
  }

  /** What the network should answer; shapes as in {@link #addNoise}. */
  public NDArray target(PredictionType prediction, NDArray x0, NDArray noise, int[] timesteps) {
    return switch (prediction) {
      case EPSILON -> noise;
      case SAMPLE -> x0;
      case V_PREDICTION -> velocity(x0, noise, timesteps);
      case FLOW -> throw noFlow();
    };
  }

  /**
   * Weights of the squared error by min-SNR-gamma. Hang et al. 2023.
   *
   * @param gamma 5 in the paper
   * @return [N], one for each row
   */
  public float[] minSnrWeights(PredictionType prediction, int[] timesteps, float gamma) {
    float[] weights = new float[timesteps.length];
    for (int i = 0; i < weights.length; i++) {
      float snr = snr(timesteps[i]);
      float clipped = Math.min(snr, gamma);
      weights[i] =
          switch (prediction) {
            // At zero terminal SNR the noise target says nothing of x_0, and 0/0 must not either.
            case EPSILON -> snr == 0f ? 1f : clipped / snr;
            case SAMPLE -> clipped;
            case V_PREDICTION -> clipped / (snr + 1f);
            case FLOW -> throw noFlow();
          };
    }
    return weights;
  }

  private static DiffusionException noFlow() {
    return DiffusionException.badCheckpoint(
        "scheduler_config.json: prediction_type is flow_prediction, expected epsilon, v_prediction or sample: a network trained on this noise schedule predicts no flow");
  }

  /** alpha_t a + sign sigma_t b, row by row. */
  private NDArray mix(NDArray a, NDArray b, int[] timesteps, int sign) {
    Shape shape = a.getShape();
    if (!shape.equals(b.getShape()) || shape.dimension() == 0 || shape.get(0) != timesteps.length) {
      throw DiffusionException.badInput(
          "forward process: expected sample and noise of one shape [N,...] and N times, got %s, %s and %d times"
              .formatted(shape, b.getShape(), timesteps.length));
    }
    float[] alphas = new float[timesteps.length];
    float[] sigmas = new float[timesteps.length];
    for (int i = 0; i < timesteps.length; i++) {
      if (timesteps[i] < 0 || timesteps[i] >= betas.length) {
        throw DiffusionException.badInput(
            "forward process: expected times in [0,%d), got %d"
                .formatted(betas.length, timesteps[i]));
      }
      alphas[i] = alpha(timesteps[i]);
      sigmas[i] = sign * sigma(timesteps[i]);
    }
    long[] column = new long[shape.dimension()];
    Arrays.fill(column, 1);
    column[0] = timesteps.length;
    try (NDManager scratch = a.getManager().newSubManager()) {
      NDArray alphaColumn = scratch.create(alphas, new Shape(column));
      NDArray sigmaColumn = scratch.create(sigmas, new Shape(column));
      NDArray noisePart = sigmaColumn.mul(b); // attaches to the left operand's manager: scratch
      NDArray mixed = alphaColumn.mul(a).addi(noisePart);
      mixed.attach(a.getManager());
      return mixed;
    }
  }

  private static float[] betas(SchedulerConfig config) {
    float[] trained = config.numbers("trained_betas");
    if (trained.length > 0) {
      for (float beta : trained) {
        if (!(beta >= 0 && beta <= 1)) {
          throw config.wrong("trained_betas", "shares of 0 to 1");
        }
      }
      return trained;
    }
    int count = config.numTrainTimesteps();
    double start = share(config, "beta_start", 0.0001);
    double end = share(config, "beta_end", 0.02);
    return switch (config.option("beta_schedule", BetaSchedule.LINEAR)) {
      case LINEAR -> linspace((float) start, (float) end, count);
      case SCALED_LINEAR -> {
        float[] betas = linspace((float) Math.sqrt(start), (float) Math.sqrt(end), count);
        for (int t = 0; t < count; t++) {
          betas[t] *= betas[t];
        }
        yield betas;
      }
      case SQUAREDCOS_CAP_V2 -> ofAlphaBar(NoiseSchedule::cosineAlphaBar, count);
      case EXP -> ofAlphaBar(t -> Math.exp(-12 * t), count);
      case LAPLACE -> ofAlphaBar(NoiseSchedule::laplaceAlphaBar, count);
      case SIGMOID -> {
        float[] betas = linspace(-6f, 6f, count);
        for (int t = 0; t < count; t++) {
          float sigmoid = (float) (1 / (1 + Math.exp(-betas[t])));
          betas[t] = sigmoid * (float) (end - start) + (float) start;
        }
        yield betas;
      }
    };
  }

  /** What a step replaces of the sample: more than all of it has no root. */
  private static double share(SchedulerConfig config, String field, double absent) {
    double share = config.number(field, absent);
    if (!(share >= 0 && share <= 1)) {
      throw config.wrong(field, "0 to 1");
    }
    return share;
  }

  /** beta_t = 1 - abar((t+1)/T) / abar(t/T), cut at 0.999. */
  private static float[] ofAlphaBar(DoubleUnaryOperator alphaBar, int count) {
    float[] betas = new float[count];
    for (int t = 0; t < count; t++) {
      double now = alphaBar.applyAsDouble((double) t / count);
      double next = alphaBar.applyAsDouble((double) (t + 1) / count);
      betas[t] = (float) Math.min(1 - next / now, 0.999);
    }
    return betas;
  }

  private static double laplaceAlphaBar(double t) {
    double lambda = -0.5 * Math.copySign(1, 0.5 - t) * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6);
    double snr = Math.exp(lambda);
    return Math.sqrt(snr / (1 + snr));
  }

  private static double cosineAlphaBar(double t) {
    double cosine = Math.cos((t + 0.008) / 1.008 * Math.PI / 2);
    return cosine * cosine;
  }

  /**
   * {@code torch.linspace} in float32, which counts from both ends and fuses the multiply and the
   * add.
   */
  static float[] linspace(float start, float end, int count) {
    float[] values = new float[count];
    float step = count > 1 ? (end - start) / (count - 1) : 0f;
    for (int i = 0; i < count; i++) {
      values[i] = i < count / 2 ? Math.fma(step, i, start) : Math.fma(-step, count - 1 - i, end);
    }
    if (count == 1) {
      values[0] = start;
    }
    return values;
  }

  /**
   * Rescales so that the last time is pure noise. Lin et al. 2024, algorithm 1. What is left of the
   * last times after the subtraction has few digits: a root one place beside is seen in a picture.
   */
  private static float[] zeroTerminalSnr(float[] betas) {
    float[] roots = ReferenceMath.sqrt(cumulativeProduct(betas));
    float rootFirst = roots[0];
    float rootLast = roots[roots.length - 1];
    float scale = rootFirst / (rootFirst - rootLast);
    float[] rescaled = new float[betas.length];
    float previous = 1f;
    for (int t = 0; t < betas.length; t++) {
      float root = (roots[t] - rootLast) * scale;
      float square = root * root;
      rescaled[t] = 1f - (t == 0 ? square : square / previous);
      previous = square;
    }
    return rescaled;
  }

  /**
   * abar_t = prod (1 - beta_s), accumulated in double and rounded at each t, as {@code
   * torch.cumprod} does.
   */
  private static float[] cumulativeProduct(float[] betas) {
    float[] products = new float[betas.length];
    double product = 1;
    for (int t = 0; t < betas.length; t++) {
      product *= 1f - betas[t];
      products[t] = (float) product;
    }
    return products;
  }
}
