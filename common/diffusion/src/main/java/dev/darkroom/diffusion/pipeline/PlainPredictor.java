package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.unet.UNet2DModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The U-Net without text; its rows have no context. */
record PlainPredictor(Part<UNet2DModel> unet, NDManager manager) implements Predictor {

  @Override
  public List<float[]> predict(List<Row> rows, LatentShape shape) {
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open();
        NDManager call = manager.newSubManager()) {
      NDArray sample =
          call.create(
              Rows.joined(rows.stream().map(Row::input).toList()),
              new Shape(rows.size(), shape.channels(), shape.height(), shape.width()));
      long @Nullable [] labels = Rows.classLabels(rows);
      NDArray times = call.create(Rows.timesteps(rows));
      NDArray classes = labels == null ? null : call.create(labels);
      float[] predicted =
          unet.use(network -> network.forward(sample, times, classes).toFloatArray());
      return Rows.split(predicted, rows.size());
    }
  }
}
