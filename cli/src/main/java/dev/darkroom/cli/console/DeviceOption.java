package dev.darkroom.cli.console;

import ai.djl.Device;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import picocli.CommandLine.Option;

/** What a command computes on. */
public final class DeviceOption {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "what computes: cpu (default), gpu, or gpu:1 for the second one")
  private String name = "cpu";

  /**
   * @throws dev.darkroom.diffusion.DiffusionException if it is none, or there is no such GPU
   */
  public Device device() {
    return TorchRuntime.device(name);
  }
}
