package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.Windows.Window;
import java.util.Arrays;
import java.util.List;

/**
 * A network that sees a large latent through overlapping windows, one after the other: it needs no
 * more memory than for a picture of a window's size. What the windows predict for a place is
 * averaged. Bar-Tal et al. 2023 (MultiDiffusion), equation 5.
 *
 * <p>{@code StableDiffusionPanoramaPipeline} of diffusers averages the samples after each step
 * instead, which is the same with every sampler that is linear in the prediction; and here the
 * sampler's noise is drawn once for the whole.
 */
record WindowedPredictor(Predictor unet, Windows windows) implements Predictor {

  @Override
  public List<float[]> predict(List<Row> rows, LatentShape shape) {
    List<Window> all = windows.over(shape);
    if (all.size() == 1) {
      return unet.predict(rows, shape);
    }
    List<float[]> sums = rows.stream().map(row -> new float[shape.size()]).toList();
    float[] counts = new float[shape.size()];
    for (Window window : all) {
      LatentShape part = new LatentShape(shape.channels(), window.height(), window.width());
      List<float[]> predicted =
          unet.predict(rows.stream().map(row -> through(window, row, shape)).toList(), part);
      for (int i = 0; i < predicted.size(); i++) {
        window.add(predicted.get(i), sums.get(i), shape);
      }
      float[] ones = new float[part.size()];
      Arrays.fill(ones, 1);
      window.add(ones, counts, shape);
    }
    for (float[] sum : sums) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] /= counts[i];
      }
    }
    return sums;
  }

  /** What a window shows of a row, of its ControlNets' pictures too. */
  private static Row through(Window window, Row row, LatentShape shape) {
    List<RowControl> controls =
        row.controls().stream()
            .map(
                control ->
                    new RowControl(
                        control.net(),
                        window.cut(control.hint(), shape),
                        control.scale(),
                        control.guess()))
            .toList();
    return new Row(window.cut(row.input(), shape), row.timestep(), row.conditions(), controls);
  }

  @Override
  public Controls controls() {
    return unet.controls();
  }
}
