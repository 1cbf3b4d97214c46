package dev.darkroom.trainer.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parameters that are trained, with all that training adds to them: gradients, the two moments of
 * AdamW, and the moving average. Everything lives as long as the manager given.
 */
public final class Learner {
  private final String name;
  private final OptimizerConfig config;
  private final Program program;
  private final List<String> keys;
  private final List<NDArray> parameters;
  private final List<NDArray> firstMoments = new ArrayList<>();
  private final List<NDArray> secondMoments = new ArrayList<>();
  private final List<NDArray> steps = new ArrayList<>();
  private final List<NDArray> averages = new ArrayList<>();

  /**
   * @param name the learner's name in checkpoints and errors
   * @param parameters float32, by checkpoint key; updated in place
   */
  public Learner(
      String name, Map<String, NDArray> parameters, OptimizerConfig config, NDManager manager) {
    this.name = name;
    this.config = config;
    this.program = Program.compile(manager, Program.source(Learner.class, "optimizer.py"));
    this.keys = List.copyOf(parameters.keySet());
    this.parameters = List.copyOf(parameters.values());
    try (GradMode mode = GradMode.off()) {
      for (NDArray parameter : this.parameters) {
        firstMoments.add(Scope.release(manager.zeros(parameter.getShape(), DataType.FLOAT32)));
        secondMoments.add(Scope.release(manager.zeros(parameter.getShape(), DataType.FLOAT32)));
        steps.add(Scope.release(manager.zeros(new Shape(), DataType.FLOAT32)));
        if (config.emaDecay() > 0) {
          NDArray average = Scope.release(manager.create(parameter.getShape(), DataType.FLOAT32));
          program.call("fill").tensor(average).tensor(parameter).runForEffect();
          averages.add(average);
        }
      }
    }
    this.parameters.forEach(parameter -> parameter.setRequiresGradient(true));
  }

  public String name() {
    return name;
  }

  /** Optimizer steps that this learner has taken; exact in float32 up to 2^24. */
  public long updates() {
    return (long) steps.getFirst().getFloat();
  }

  /**
   * Says whether forwards record these parameters: not while another learner's loss flows through.
   */
  public void record(boolean recorded) {
    parameters.forEach(parameter -> parameter.setRequiresGradient(recorded));
  }

  /**
   * Clips the gradients gathered since the last update, takes one step of AdamW, moves the average
   * and zeroes the gradients.
   *
   * @return the global norm of the gradients before clipping
   * @throws DiffusionException if the norm is not finite; nothing is changed then
   */
  public double update(double learningRate) {
    long done = updates();
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open()) {
      double norm =
          program.call("clip").tensors(parameters).real(config.maxGradNorm()).run().getFloat();
      if (!Double.isFinite(norm)) {
        throw DiffusionException.badInput(
            "training of %s: the gradient's norm is %s at step %d; lower the learning rate or lengthen the warm-up"
                .formatted(name, norm, done));
      }
      program
          .call("adamw")
          .tensors(parameters)
          .tensors(firstMoments)
          .tensors(secondMoments)
          .tensors(steps)
          .real(learningRate)
          .real(config.adamBeta1())
          .real(config.adamBeta2())
          .real(config.adamWeightDecay())
          .real(config.adamEpsilon())
          .runForEffect();
      if (!averages.isEmpty()) {
        double decay = Math.min(config.emaDecay(), (1.0 + done) / (10.0 + done));
        program
            .call("average")
            .tensors(averages)
            .tensors(parameters)
            .real(1 - decay)
            .runForEffect();
      }
      return norm;
    }
  }

  /**
   * Lets the network compute with its averaged weights until closed; a no-op where no average is
   * kept. Bits survive the exchange.
   */
  public Averaged averaged() {
    exchange();
    return this::exchange;
  }

  /** The time in which a network computes with its averaged weights. */
  public interface Averaged extends AutoCloseable {
    @Override
    void close();
  }

  private void exchange() {
    if (averages.isEmpty()) {
      return;
    }
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open()) {
      program.call("exchange").tensors(parameters).tensors(averages).runForEffect();
    }
  }

  /** All that a checkpoint keeps, by key within this learner: live arrays. */
  Map<String, NDArray> state() {
    Map<String, NDArray> state = new LinkedHashMap<>();
    put(state, "weights", parameters);
    put(state, "first_moment", firstMoments);
    put(state, "second_moment", secondMoments);
    put(state, "average", averages);
    // All of these are equal: one stands for them.
    state.put("updates", steps.getFirst());
    return state;
  }

  private void put(Map<String, NDArray> state, String kind, List<NDArray> arrays) {
    for (int i = 0; i < arrays.size(); i++) {
      state.put(kind + "/" + keys.get(i), arrays.get(i));
    }
  }

  /** Sets everything to what {@link #state()} once was. */
  void restore(Map<String, NDArray> saved) {
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open()) {
      state()
          .forEach(
              (key, array) -> {
                NDArray source = saved.get(key);
                if (source == null || !source.getShape().equals(array.getShape())) {
                  throw DiffusionException.badCheckpoint(
                      "checkpoint of %s: expected %s with shape %s, got %s; it belongs to another config"
                          .formatted(
                              name,
                              key,
                              array.getShape(),
                              source == null ? "nothing" : source.getShape()));
                }
                program.call("fill").tensor(array).tensor(source).runForEffect();
              });
      for (NDArray step : steps.subList(1, steps.size())) {
        program.call("fill").tensor(step).tensor(steps.getFirst()).runForEffect();
      }
    }
  }
}
