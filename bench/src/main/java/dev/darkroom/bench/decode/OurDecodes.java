package dev.darkroom.bench.decode;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.bench.peer.Steps;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.Tiling;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import java.nio.file.Path;

/** Our side of the decode benchmark, in a process of its own; it speaks as {@code peer.py} does. */
public final class OurDecodes {
  private OurDecodes() {}

  public static void main(String[] arguments) throws IOException {
    int side = Integer.parseInt(arguments[1]);
    int tile = Integer.parseInt(arguments[2]);
    TorchRuntime.useThreads(Integer.parseInt(arguments[3]));
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off()) {
      AutoencoderKL vae = AutoencoderKL.load(Path.of(arguments[0]), manager, Execution.INFERENCE);
      AutoencoderConfig config = vae.config();
      NDArray z = manager.randomNormal(new Shape(1, config.latentChannels(), side, side));
      Steps.answer(
          () -> {
            try (Scope scope = Scope.open()) {
              if (tile == 0) {
                vae.decode(z);
              } else {
                vae.decode(z, Tiling.of(config, tile));
              }
            }
          });
    }
  }
}
