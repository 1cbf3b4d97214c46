package dev.darkroom.diffusion.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuietExitTest {
  private static final int TERMINATED = 128 + 15;
  private static final String READY = "computing";

  @TempDir Path folder;

  @Test
  void aProcessThatIsToldToEndDoesNotCrashInItsKernels() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx200m",
                "--enable-native-access=ALL-UNNAMED",
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                Computing.class.getName())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output = process.inputReader()) {
      String line = output.readLine();
      while (line != null && !line.equals(READY)) {
        line = output.readLine();
      }
      assertEquals(READY, line);
      process.toHandle().destroy(); // Process.destroy would close its output too
      List<String> last = output.lines().toList();
      assertEquals(TERMINATED, process.waitFor(), () -> String.join("\n", last));
      assertEquals(List.of(), last);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Kernels of about a second, one after another, without end. */
  static final class Computing {
    private Computing() {}

    public static void main(String[] arguments) {
      QuietExit.want();
      try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
        Program program =
            Program.compile(
                manager,
                """
                def convolve(self, x: Tensor, w: Tensor, times: int) -> Tensor:
                  for i in range(times):
                    x = torch.tanh(torch.conv2d(x, w, None, [1, 1], [1, 1], [1, 1], 1))
                  return x
                """);
        NDArray x = manager.randomNormal(new Shape(1, 64, 64, 64));
        NDArray w = manager.randomNormal(new Shape(64, 64, 3, 3));
        program.call("convolve").tensor(x).tensor(w).integer(1).run().close();
        System.out.println(READY);
        while (true) {
          program.call("convolve").tensor(x).tensor(w).integer(200).run().close();
        }
      }
    }
  }
}
