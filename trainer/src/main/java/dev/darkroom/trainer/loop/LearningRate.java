package dev.darkroom.trainer.loop;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.darkroom.diffusion.DiffusionException;
import java.util.Locale;

/**
 * The learning rate of each optimizer step: a linear warm-up, then one of two ways to go on.
 *
 * @param peak after the warm-up
 * @param warmupSteps steps of linear growth; step 0 already moves
 * @param decay how it goes on
 * @param steps of the whole run: where a cosine reaches 0
 */
public record LearningRate(double peak, int warmupSteps, Decay decay, int steps) {

  /** How the learning rate goes on after its warm-up. */
  public enum Decay {
    /** It stays. */
    CONSTANT,
    /** It falls to zero along half a cosine. Loshchilov and Hutter 2017, without restarts. */
    COSINE;

    @JsonValue
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The decay of a {@link #text()}. */
    @JsonCreator
    public static Decay of(String text) {
      return switch (text) {
        case "constant" -> CONSTANT;
        case "cosine" -> COSINE;
        default ->
            throw DiffusionException.badInput(
                "lr_scheduler: expected constant or cosine, got \"%s\"".formatted(text));
      };
    }
  }

  /** The rate of optimizer step {@code step}, counted from 0. */
  public double at(long step) {
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    return switch (decay) {
      case CONSTANT -> peak;
      case COSINE -> {
        double done = (step - warmupSteps) / (double) Math.max(1, steps - warmupSteps);
        yield peak * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, done)));
      }
    };
  }
}
