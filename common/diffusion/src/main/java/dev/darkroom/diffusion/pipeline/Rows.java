package dev.darkroom.diffusion.pipeline;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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

  /** [N], or null for a model without classes. */
  static long @Nullable [] classLabels(List<Row> rows) {
    if (rows.getFirst().conditions().shared().classLabel() == null) {
      return null;
    }
    long[] labels = new long[rows.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = Objects.requireNonNull(rows.get(i).conditions().shared().classLabel());
    }
    return labels;
  }

  /** So many arrays of one length that stand one after the other. */
  static List<float[]> split(float[] all, int count) {
    int length = all.length / count;
    List<float[]> arrays = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      arrays.add(Arrays.copyOfRange(all, i * length, (i + 1) * length));
    }
    return arrays;
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
