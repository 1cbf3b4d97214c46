package dev.darkroom.bench.unet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.bench.peer.Usage;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/** Our side of the unet benchmark, in a process of its own; it speaks as {@code peer.py} does. */
public final class OurSteps {
  private OurSteps() {}

  public static void main(String[] arguments) throws IOException {
    UNetConfig config = UNetConfig.of(ModelConfig.of(Path.of(arguments[0])));
    int rows = Integer.parseInt(arguments[1]);
    TorchRuntime.useThreads(Integer.parseInt(arguments[2]));
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off();
        BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(config, new SeededParameters(manager, 1), Execution.INFERENCE);
      NDArray sample = manager.randomNormal(new Shape(rows, 4, 64, 64));
      NDArray timestep = manager.full(new Shape(rows), 500, DataType.INT64);
      Conditions text = Conditions.text(manager.randomNormal(new Shape(rows, 77, 768)));
      step(unet, sample, timestep, text);
      System.out.println("{}");
      while (input.readLine() != null) {
        long began = System.nanoTime();
        double cpu = Usage.cpuSeconds();
        step(unet, sample, timestep, text);
        System.out.printf(
            Locale.ROOT,
            "{\"seconds\": %.6f, \"cpu_seconds\": %.6f}%n",
            (System.nanoTime() - began) / 1e9,
            Usage.cpuSeconds() - cpu);
      }
    }
    System.out.printf("{\"peak_kilobytes\": %d}%n", Usage.peakKilobytes());
  }

  private static void step(
      UNet2DConditionModel unet, NDArray sample, NDArray timestep, Conditions text) {
    try (Scope scope = Scope.open()) {
      unet.forward(sample, timestep, text);
    }
  }
}
