package dev.darkroom.diffusion.pipeline;

import java.util.List;

/** Rows of plain arrays as those of a batch. */
final class Rows {
  private Rows() {}

  /** [N] */
  static float[] timesteps(List<Row> rows) {
    float[] timesteps = new float[rows.size()];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = rows.get(i).timestep();
    }
    return timesteps;
  }

  /** One after the other. */
  static float[] joined(List<float[]> arrays) {
    int length = arrays.getFirst().length;
    float[] all = new float[Math.multiplyExact(arrays.size(), length)];
    for (int i = 0; i < arrays.size(); i++) {
      System.arraycopy(arrays.get(i), 0, all, i * length, length);
    }
    return all;
  }
}
