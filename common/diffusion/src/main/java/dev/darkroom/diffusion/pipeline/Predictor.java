package dev.darkroom.diffusion.pipeline;

import java.util.List;

/** A network over rows of plain arrays, as a loop asks it. Thread-safe. */
interface Predictor {
  /**
   * What the network predicts for each row; the rows may be of different requests.
   *
   * @param shape of every row's latent
   * @return in the order of the rows, [C*h*w] each
   */
  List<float[]> predict(List<Row> rows, LatentShape shape);

  /** The ControlNets that a loop lets act on its rows. */
  default Controls controls() {
    return Controls.NONE;
  }
}
