package dev.darkroom.trainer.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Learned perceptual distance of two pictures. Zhang et al. 2018, on SqueezeNet v1.1 with the
 * published heads of version 0.1. The weights are constants: gradients flow to the first picture
 * only.
 */
public final class Lpips {
  private static final String WEIGHTS = "lpips-squeezenet.safetensors";
  private static final int TAPS = 7;

  /** Smallest side: the last tap still has one position. */
  public static final int MIN_SIDE = 32;

  private final Program program;
  private final NDArray mean;
  private final List<NDArray> layers = new ArrayList<>();
  private final List<NDArray> heads = new ArrayList<>();

  /** Reads the weights that ship with the trainer; they live as long as {@code manager}. */
  public Lpips(NDManager manager) {
    program = Program.compile(manager, Program.source(Lpips.class, "lpips.py"));
    // The means that Caffe's networks subtract, here red first.
    mean = Scope.release(manager.create(new float[] {123, 117, 104}, new Shape(1, 3, 1, 1)));
    Path copy = unpacked();
    try (GradMode mode = GradMode.off();
        SafetensorsFile file = SafetensorsFile.open(copy)) {
      layer(file, "conv1", manager);
      for (int n = 2; n <= 9; n++) {
        for (String part : List.of("squeeze1x1", "expand1x1", "expand3x3")) {
          layer(file, "fire" + n + "." + part, manager);
        }
      }
      for (int i = 0; i < TAPS; i++) {
        heads.add(file.read("lin" + i + ".weight", manager));
      }
    } finally {
      delete(copy);
    }
  }

  private void layer(SafetensorsFile file, String name, NDManager manager) {
    for (String part : List.of(".weight", ".bias")) {
      try (NDArray bytes = file.read(name + part, manager);
          NDArray range = file.read(name + part + ".range", manager)) {
        layers.add(
            Scope.release(program.call("dequantised").tensor(bytes).tensor(range).run(manager)));
      }
    }
  }

  /**
   * The mean distance of a batch.
   *
   * @param x [N, 3, H, W] in [-1, 1], sides of at least {@link #MIN_SIDE}
   * @param target the same shape; no gradient flows to it
   * @return one element, from 0 up
   */
  public NDArray distance(NDArray x, NDArray target) {
    Shape shape = x.getShape();
    if (shape.dimension() != 4
        || shape.get(1) != 3
        || Math.min(shape.get(2), shape.get(3)) < MIN_SIDE
        || !shape.equals(target.getShape())) {
      throw DiffusionException.badInput(
          "LPIPS: expected two [N,3,H,W] with sides of at least %d, got %s and %s"
              .formatted(MIN_SIDE, shape, target.getShape()));
    }
    try (Scope scope = Scope.open()) {
      List<NDArray> expected;
      try (GradMode mode = GradMode.off()) {
        expected = program.call("taps").tensor(target).tensor(mean).tensors(layers).runForTensors();
      }
      return scope.keep(
          program
              .call("distance")
              .tensor(x)
              .tensors(expected)
              .tensor(mean)
              .tensors(layers)
              .tensors(heads)
              .run());
    }
  }

  /**
   * What the network sees in pictures, wherever they show it: its seven taps, each averaged over
   * the places.
   *
   * @param x [N, 3, H, W] in [-1, 1], sides of at least {@link #MIN_SIDE}
   * @return [N, F]
   */
  public NDArray features(NDArray x) {
    try (Scope scope = Scope.open()) {
      return scope.keep(program.call("pooled").tensor(x).tensor(mean).tensors(layers).run());
    }
  }

  /** A safetensors file is read by mapping, which a resource in a jar does not allow. */
  private static Path unpacked() {
    try (InputStream in = Lpips.class.getResourceAsStream(WEIGHTS)) {
      if (in == null) {
        throw DiffusionException.internal("the trainer lacks its resource " + WEIGHTS, null);
      }
      Path copy = Files.createTempFile("darkroom-lpips-", ".safetensors");
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException("unpacking " + WEIGHTS, e);
    }
  }

  private static void delete(Path copy) {
    try {
      Files.delete(copy);
    } catch (IOException e) {
      throw new UncheckedIOException("deleting " + copy, e);
    }
  }
}
