package dev.darkroom.trainer.recipe;

import dev.darkroom.trainer.loop.TrainingListener;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes down all that a run tells. */
final class Notes implements TrainingListener {
  final Map<Integer, Double> losses = new TreeMap<>();
  final Map<Integer, Map<String, Double>> metrics = new TreeMap<>();
  final List<Integer> checkpoints = new ArrayList<>();
  final List<BufferedImage> grids = new ArrayList<>();

  @Override
  public void progress(int step, int steps, Map<String, Double> values) {
    metrics.computeIfAbsent(step, s -> new TreeMap<>()).putAll(values);
    if (values.containsKey("loss")) {
      losses.put(step, values.get("loss"));
    }
  }

  @Override
  public void samples(int step, BufferedImage grid) {
    grids.add(grid);
  }

  @Override
  public void checkpointed(int step) {
    checkpoints.add(step);
  }
}
