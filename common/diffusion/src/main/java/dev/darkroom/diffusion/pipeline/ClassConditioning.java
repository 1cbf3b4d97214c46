package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Conditioning on a class or on nothing, guided away from no class. Ho and Salimans 2022.
 *
 * @param away the same with the class that stands for none; null where there is no guidance
 * @param steps network calls of the run
 */
record ClassConditioning(
    RowConditions toward, @Nullable RowConditions away, ClassifierFreeGuidance guidance, int steps)
    implements Conditioning {

  @Override
  public List<Branch> branches(int step) {
    List<Branch> branches = new ArrayList<>(List.of(new Branch(toward, true, true)));
    if (away != null && guidance.isOnAt(step, steps)) {
      branches.add(new Branch(away, true, false));
    }
    return branches;
  }

  @Override
  public float[] guided(int step, List<float[]> predictions) {
    return predictions.size() == 1
        ? predictions.getFirst()
        : guidance.apply(predictions.getLast(), predictions.getFirst());
  }
}
