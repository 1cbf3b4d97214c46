package dev.darkroom.bench.unet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.bench.peer.Programs;
import dev.darkroom.bench.peer.Steps;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.IOException;
import java.nio.file.Path;

/** Our side of the unet benchmark, in a process of its own; it speaks as {@code peer.py} does. */
public final class OurSteps {
  private OurSteps() {}

  public static void main(String[] arguments) throws IOException {
    UNetConfig config = UNetConfig.of(ModelConfig.of(Path.of(arguments[0])));
    int rows = Integer.parseInt(arguments[1]);
    int side = Integer.parseInt(arguments[3]);
    Device device = Programs.device();
    Execution execution = Precision.parse(arguments[4], device).network();
    TorchRuntime.useThreads(Integer.parseInt(arguments[2]));
    try (NDManager manager = TorchRuntime.newManager(device);
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(config, new SeededParameters(manager, 1), execution);
      NDArray sample = manager.randomNormal(new Shape(rows, 4, side, side));
      NDArray timestep = manager.full(new Shape(rows), 500, DataType.INT64);
      Conditions text =
          Conditions.text(manager.randomNormal(new Shape(rows, 77, config.contextChannels())));
      Steps.answer(
          () -> {
            try (Scope scope = Scope.open()) {
              NDArray predicted = unet.forward(sample, timestep, text);
              if (device.isGpu()) {
                // Until it is there: a GPU answers before it has computed.
                predicted.toFloatArray();
              }
            }
          });
    }
  }
}
