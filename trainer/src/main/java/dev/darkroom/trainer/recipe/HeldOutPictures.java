package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.loss.Lpips;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** How well an autoencoder gives back pictures that it was not trained on. */
public final class HeldOutPictures {
  private static final int BATCH = 4;
  private static final int SHOWN = 16;

  /** More say little more, and cost as much as many steps. */
  private static final int MOST = 96;

  private final Dataset data;
  private final Lpips lpips;
  private final NDManager manager;

  public HeldOutPictures(Dataset data, Lpips lpips, NDManager manager) {
    this.data = data;
    this.lpips = lpips;
    this.manager = manager;
  }

  /**
   * Decodes the posterior's mean of every picture.
   *
   * @param grid is given the first pictures, each beside its reconstruction
   * @return {@code psnr} in dB and {@code lpips}: means over the pictures
   */
  public Map<String, Double> measure(AutoencoderKL autoencoder, Consumer<BufferedImage> grid) {
    double psnr = 0;
    double distance = 0;
    List<Picture> shown = new ArrayList<>();
    int count = Math.min(MOST, data.size());
    for (int first = 0; first < count; first += BATCH) {
      int rows = Math.min(BATCH, count - first);
      try (Scope scope = Scope.open()) {
        float[] pixels = pixels(first, rows);
        NDArray x = manager.create(pixels, new Shape(rows, 3, data.height(), data.width()));
        NDArray y = autoencoder.decode(autoencoder.encode(x).mean()).clip(-1, 1);
        distance += lpips.distance(y, x).getFloat() * rows;
        float[] made = y.toFloatArray();
        int row = 3 * data.width() * data.height();
        for (int i = 0; i < rows; i++) {
          psnr += psnr(pixels, made, i * row, row);
          if (shown.size() < 2 * SHOWN) {
            shown.add(Picture.ofPlanes(data.width(), data.height(), pixels, i * row));
            shown.add(Picture.ofPlanes(data.width(), data.height(), made, i * row));
          }
        }
      }
    }
    grid.accept(PictureGrid.of(shown, 8));
    return Map.of("held_out_psnr", psnr / count, "held_out_lpips", distance / count);
  }

  private float[] pixels(int first, int rows) {
    int row = 3 * data.width() * data.height();
    float[] pixels = new float[rows * row];
    for (int i = 0; i < rows; i++) {
      int variant = (first + i) % data.variants();
      data.picture(first + i, variant).writePlanes(pixels, i * row);
    }
    return pixels;
  }

  /** Peak signal to noise in dB, of values that span 2. */
  private static double psnr(float[] expected, float[] actual, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      double difference = expected[i] - actual[i];
      sum += difference * difference;
    }
    return 10 * Math.log10(4 / Math.max(sum / count, 1e-10));
  }
}
