package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.ReferenceMath;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SolverLevels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Diffusion exponential integrator sampler: the noise as a polynomial in log rho, rho = sigma /
 * alpha, of order 1 to 3. Zhang and Chen 2023, rho-AB; {@code DEISMultistepScheduler} of diffusers.
 *
 * <p>The history holds the noise at earlier calls, one less than the order.
 */
public final class Deis extends SolverSampler {
  static final String FIELDS =
      SolverSampler.FIELDS + " algorithm_type timestep_spacing steps_offset";

  private final int order;
  private final boolean lowersLast;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param mu the shift of a flow's levels, where the configuration shifts dynamically; or null
   */
  public Deis(SchedulerConfig config, int steps, @Nullable Double mu) {
    this(config.only(FIELDS), steps, mu, order(config, 3));
  }

  private Deis(SchedulerConfig own, int steps, @Nullable Double mu, int order) {
    super(own, SolverLevels.deis(own, steps, mu));
    // As in diffusers, a configuration of a sister class stands for this one's default.
    switch (own.text("algorithm_type", "deis")) {
      case "deis", "dpmsolver", "dpmsolver++" -> {}
      default -> throw own.wrong("algorithm_type", "deis");
    }
    switch (own.text("solver_type", "logrho")) {
      case "logrho", "midpoint", "heun", "bh1", "bh2" -> {}
      default -> throw own.wrong("solver_type", "logrho");
    }
    this.order = order;
    this.lowersLast = own.flag("lower_order_final", true) && levels.steps() < SHORT_RUN;
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int i = state.step();
    int left = levels.steps() - i;
    List<float[]> e = new ArrayList<>(state.history());
    e.addFirst(epsilonOf(state, denoised(state, prediction)));
    int used = Math.min(order, e.size());
    if (lowersLast) {
      used = Math.min(used, left);
    }
    Level s = level(i);
    Level t = level(i + 1);
    float[] x =
        used == 1 ? firstOrder(s, t, state.sample(), e.getFirst()) : multistep(i, used, state, e);
    return state.next(x, e.subList(0, Math.min(e.size(), order - 1)));
  }

  private static float[] firstOrder(Level s, Level t, float[] sample, float[] e) {
    float ofSample = t.alpha() / s.alpha();
    float ofNoise = t.sigma() * ((float) Math.exp(t.lambda() - s.lambda()) - 1f);
    float[] x = new float[sample.length];
    for (int k = 0; k < x.length; k++) {
      x[k] = ofSample * sample[k] - ofNoise * e[k];
    }
    return x;
  }

  /** x / alpha moves by the integral of the interpolated noise over rho, in diffusers' float32. */
  private float[] multistep(int i, int used, SamplerState state, List<float[]> e) {
    float from = rho(i);
    float to = rho(i + 1);
    float[] nodes = new float[used];
    for (int j = 0; j < used; j++) {
      nodes[j] = ReferenceMath.log(rho(i - j));
    }
    Level s = level(i);
    Level t = level(i + 1);
    float[] x = new float[state.sample().length];
    for (int k = 0; k < x.length; k++) {
      x[k] = state.sample()[k] / s.alpha();
    }
    for (int j = 0; j < used; j++) {
      float weight = integral(nodes, j, to) - integral(nodes, j, from);
      for (int k = 0; k < x.length; k++) {
        x[k] += weight * e.get(j)[k];
      }
    }
    for (int k = 0; k < x.length; k++) {
      x[k] *= t.alpha();
    }
    return x;
  }

  private float rho(int i) {
    return level(i).sigma() / level(i).alpha();
  }

  /** The integral to rho of the Lagrange polynomial in log rho that is 1 at node j. */
  private static float integral(float[] nodes, int j, float rho) {
    float u = ReferenceMath.log(rho);
    if (nodes.length == 2) {
      float c = nodes[1 - j];
      return rho * (-c + u - 1) / (nodes[j] - c);
    }
    float c = nodes[(j + 1) % 3];
    float d = nodes[(j + 2) % 3];
    return rho
        * (c * (d - u + 1) - d * u + d + u * u - 2 * u + 2)
        / ((nodes[j] - c) * (nodes[j] - d));
  }
}
