package dev.darkroom.bench.decode;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.peer.Steps;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.Tiling;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import java.io.IOException;
import java.nio.file.Path;

/** Our side of the decode benchmark, in a process of its own; it speaks as {@code peer.py} does. */
public final class OurDecodes {
  private OurDecodes() {}

  public static void main(String[] arguments) throws IOException {
    ObjectNode json = (ObjectNode) new ObjectMapper().readTree(Path.of(arguments[0]).toFile());
    int side = Integer.parseInt(arguments[1]);
    int tile = Integer.parseInt(arguments[2]);
    if (tile != 0) {
      json.put("sample_size", tile);
    }
    AutoencoderConfig config = AutoencoderConfig.of(ModelConfig.parse("vae", json.toString()));
    TorchRuntime.useThreads(Integer.parseInt(arguments[3]));
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off()) {
      AutoencoderKL vae =
          new AutoencoderKL(config, new SeededParameters(manager, 1), Execution.INFERENCE);
      NDArray z = manager.randomNormal(new Shape(1, config.latentChannels(), side, side));
      Steps.answer(
          () -> {
            try (Scope scope = Scope.open()) {
              if (tile == 0) {
                vae.decode(z);
              } else {
                vae.decode(z, Tiling.of(config));
              }
            }
          });
    }
  }
}
