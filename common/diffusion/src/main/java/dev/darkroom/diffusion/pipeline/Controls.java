package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.controlnet.ControlScale;
import dev.darkroom.diffusion.image.Resampling;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The ControlNets of a model, each with its picture. Zhang et al. 2023.
 *
 * @param guess whether they guess what the picture is: they then act on the prompt's side of the
 *     guidance alone, and less on the larger maps
 */
record Controls(List<Loaded> nets, boolean guess) {
  static final Controls NONE = new Controls(List.of(), false);

  record Loaded(ControlNetModel net, Control control) {}

  /**
   * Loads them; one that is named several times is loaded once.
   *
   * @param unet of the model that they control
   * @throws DiffusionException if one is not whole, or was made for another model
   */
  static Controls load(
      List<Control> controls,
      boolean guess,
      UNetConfig unet,
      NDManager manager,
      Execution execution) {
    Map<Path, ControlNetModel> byFolder = new HashMap<>();
    List<Loaded> nets = new ArrayList<>();
    for (Control control : controls) {
      ControlNetModel net =
          byFolder.computeIfAbsent(
              control.folder().toAbsolutePath().normalize(),
              place ->
                  Files.isDirectory(place)
                      ? ControlNetModel.load(place, manager, execution)
                      : ControlNetFile.load(place, unet, manager, execution));
      requireFits(control.folder(), net, unet);
      nets.add(new Loaded(net, control));
    }
    return new Controls(nets, guess);
  }

  private static void requireFits(Path folder, ControlNetModel net, UNetConfig unet) {
    UNetConfig own = net.config().called();
    if (!own.blockOutChannels().equals(unet.blockOutChannels())
        || !own.layersPerBlock().equals(unet.layersPerBlock())
        || own.contextChannels() != unet.contextChannels()
        || own.takesAddedConditions() != unet.takesAddedConditions()) {
      throw DiffusionException.badInput(
          "%s: expected a ControlNet for a U-Net of block_out_channels %s that attends to %d channels, got one for %s and %d; it was made for another base model"
              .formatted(
                  folder,
                  unet.blockOutChannels(),
                  unet.contextChannels(),
                  own.blockOutChannels(),
                  own.contextChannels()));
    }
    if (net.config().conditioningChannels() != 3) {
      throw DiffusionException.badInput(
          "%s: expected a ControlNet that reads pictures of 3 colours, got conditioning_channels %d"
              .formatted(folder, net.config().conditioningChannels()));
    }
  }

  /** The same ControlNets, of which each reads what becomes of its picture. */
  Controls reading(UnaryOperator<RgbImage> changed) {
    return new Controls(
        nets.stream()
            .map(loaded -> new Loaded(loaded.net(), loaded.control().reading(changed)))
            .toList(),
        guess);
  }

  /** For latents of one shape: each picture is read once. */
  List<Ready> ready(LatentShape shape) {
    List<Ready> ready = new ArrayList<>();
    for (Loaded loaded : nets) {
      ready.add(
          new Ready(
              loaded.net(),
              hint(loaded.net(), loaded.control().picture(), shape),
              loaded.control().scale(),
              guess));
    }
    return ready;
  }

  private static float[] hint(ControlNetModel net, RgbImage picture, LatentShape shape) {
    int width = shape.width() * net.config().factor();
    int height = shape.height() * net.config().factor();
    float[] planes = Resampling.LANCZOS.resize(picture, width, height).toPlanes();
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (planes[i] + 1) / 2;
    }
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open();
        NDManager call = net.manager().newSubManager()) {
      NDArray rgb = call.create(planes, new Shape(1, 3, height, width));
      return net.hint(rgb).toFloatArray();
    }
  }

  /** A ControlNet that has read its picture. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Ready(ControlNetModel net, float[] hint, ControlScale scale, boolean guess) {

    /**
     * What acts on a row at one call.
     *
     * @param call from 0
     * @param toward whether the row is on the prompt's side of the guidance
     */
    static List<RowControl> at(int call, int calls, boolean toward, List<Ready> controls) {
      List<RowControl> acting = new ArrayList<>();
      for (Ready control : controls) {
        double scale = control.scale().at(call, calls);
        if (scale != 0 && (toward || !control.guess())) {
          acting.add(new RowControl(control.net(), control.hint(), scale, control.guess()));
        }
      }
      return acting;
    }
  }
}
