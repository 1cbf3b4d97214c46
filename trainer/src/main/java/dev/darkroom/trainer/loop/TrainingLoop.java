package dev.darkroom.trainer.loop;

import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs a recipe from its newest checkpoint to its last step, or until told to stop. */
public final class TrainingLoop {

  /** How a run ended. */
  public enum End {
    /** All steps are done. */
    FINISHED,
    /** The stop signal said so; the last step done is in the newest checkpoint. */
    STOPPED
  }

  private final RunConfig config;
  private final String identity;
  private final CheckpointStore checkpoints;
  private final TrainingListener listener;
  private final StopSignal stop;

  /**
   * @param identity of the run: its config and its data's fingerprint; a checkpoint of another run
   *     is refused
   */
  public TrainingLoop(RunConfig config, String identity, Surroundings surroundings) {
    this.config = config;
    this.identity = identity;
    this.checkpoints = surroundings.checkpoints();
    this.listener = surroundings.listener();
    this.stop = surroundings.stop();
  }

  /**
   * Trains. The learners of {@code recipe} end with the state after the last step done.
   *
   * @throws dev.darkroom.diffusion.DiffusionException if the newest checkpoint does not verify, or
   *     a loss is not finite
   */
  public End run(Recipe recipe) {
    TorchRuntime.useThreads(config.threads());
    StateFolder state = new StateFolder(identity, recipe.learners());
    int done = checkpoints.latest().map(state::read).orElse(0);
    int saved = done;
    Report report = new Report();
    while (done < config.steps()) {
      if (stop.stopRequested()) {
        if (saved < done) {
          save(state, done);
        }
        return End.STOPPED;
      }
      report.add(recipe.step(done));
      done++;
      boolean last = done == config.steps();
      if (done % config.loggingSteps() == 0 || last) {
        listener.progress(done, config.steps(), report.take());
      }
      if (done % config.checkpointingSteps() == 0 || last) {
        save(state, done);
        saved = done;
      }
      if (done % config.validationSteps() == 0 || last) {
        Map<String, Double> measured = recipe.validate(done, listener);
        if (!measured.isEmpty()) {
          listener.progress(done, config.steps(), measured);
        }
        report.restartClock();
      }
    }
    return End.FINISHED;
  }

  private void save(StateFolder state, int done) {
    state.write(done, folder -> checkpoints.save(done, folder));
    listener.checkpointed(done);
  }

  /** Means of the steps since the last report. */
  private static final class Report {
    private final Map<String, Double> sums = new LinkedHashMap<>();
    private int steps;
    private long since = System.nanoTime();

    void add(Map<String, Double> metrics) {
      metrics.forEach((name, value) -> sums.merge(name, value, Double::sum));
      steps++;
    }

    Map<String, Double> take() {
      Map<String, Double> means = new LinkedHashMap<>();
      sums.forEach((name, sum) -> means.put(name, sum / steps));
      means.put("seconds_per_step", (System.nanoTime() - since) / 1e9 / steps);
      sums.clear();
      steps = 0;
      restartClock();
      return means;
    }

    void restartClock() {
      since = System.nanoTime();
    }
  }
}
