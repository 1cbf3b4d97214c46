package dev.darkroom.trainer.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Initialisation;
import dev.darkroom.diffusion.nn.Network;
import dev.darkroom.diffusion.nn.ParameterSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells real patches from reconstructed ones. Isola et al. 2017 with batch statistics, keys as in
 * CompVis' NLayerDiscriminator; hinge loss, and the adaptive weight of Esser et al. 2021.
 */
public final class PatchDiscriminator implements Network {
  private static final Initialisation CONVOLUTION = new Initialisation.Normal(0.02);
  private static final Initialisation ZERO = new Initialisation.Constant(0);
  private static final Initialisation ONE = new Initialisation.Constant(1);

  private final Program program;
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private final List<NDArray> order;

  /**
   * @param channels of the first level; they double at each level up to eightfold
   * @param layers how often the picture is halved: a patch is 16, 34 or 70 pixels wide at 1, 2 or 3
   */
  public PatchDiscriminator(int channels, int layers, ParameterSource source) {
    this.program = AutoencoderLosses.program(source.manager());
    take(source, "main.0.weight", new Shape(channels, 3, 4, 4), CONVOLUTION);
    take(source, "main.0.bias", new Shape(channels), ZERO);
    int at = 2;
    long in = channels;
    for (int level = 1; level <= layers; level++) {
      long out = (long) channels * Math.min(1 << level, 8);
      take(source, "main." + at + ".weight", new Shape(out, in, 4, 4), CONVOLUTION);
      take(source, "main." + (at + 1) + ".weight", new Shape(out), ONE);
      take(source, "main." + (at + 1) + ".bias", new Shape(out), ZERO);
      in = out;
      at += 3;
    }
    take(source, "main." + at + ".weight", new Shape(1, in, 4, 4), CONVOLUTION);
    take(source, "main." + at + ".bias", new Shape(1), ZERO);
    this.order = List.copyOf(parameters.values());
  }

  private void take(ParameterSource source, String key, Shape shape, Initialisation start) {
    parameters.put(key, source.take(key, shape, start));
  }

  @Override
  public Map<String, NDArray> parameters() {
    return Collections.unmodifiableMap(parameters);
  }

  /** What the discriminator wants small: 0 where it is sure and right. */
  public NDArray loss(NDArray real, NDArray fake) {
    try (Scope scope = Scope.open()) {
      return scope.keep(program.call("hinge").tensor(scores(real)).tensor(scores(fake)).run());
    }
  }

  /** What the autoencoder wants small: reconstructions that pass for real. */
  public NDArray adversarialLoss(NDArray fake) {
    try (Scope scope = Scope.open()) {
      return scope.keep(program.call("generator").tensor(scores(fake)).run());
    }
  }

  /**
   * The weight that gives the adversarial loss the same pull on the last layer as the
   * reconstruction's; both graphs stay.
   */
  public NDArray adaptiveWeight(NDArray reconstruction, NDArray adversarial, NDArray lastLayer) {
    return program
        .call("adaptive_weight")
        .tensor(reconstruction)
        .tensor(adversarial)
        .tensor(lastLayer)
        .run();
  }

  /** [N, 1, h, w], a score a patch. */
  private NDArray scores(NDArray x) {
    return program.call("scores").tensor(x).tensors(order).run();
  }
}
