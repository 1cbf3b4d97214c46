package dev.darkroom.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Initialisation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parameters that are large enough to be checked beside the thread that builds a model. */
class FiniteChecksTest {
  private static final Shape LARGE = new Shape(600, 1000);
  private static final Initialisation ZERO = new Initialisation.Constant(0);
  private static final List<String> KEYS = List.of("a", "b", "c", "d");

  @TempDir private Path folder;

  @Test
  void namesTheFirstOfThoseThatAreBroken() throws IOException {
    for (TensorType type : List.of(TensorType.F32, TensorType.F16)) {
      assertRefused(breakAt(write(type), "d", "b"), "tensor b: expected finite values");
    }
  }

  @Test
  void namesWhatIsBrokenBeforeWhatIsMissing() throws IOException {
    Path file = breakAt(write(TensorType.F16), "c");
    assertRefused(file, "tensor c: expected finite values", "missing");
  }

  @Test
  void passesFiniteParametersAndLeavesThemWhole() {
    Path file = write(TensorType.F32);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        Checkpoint checkpoint = Checkpoint.open(file)) {
      CheckpointParameters source = new CheckpointParameters(checkpoint, manager);
      List<NDArray> taken = KEYS.stream().map(key -> source.takeStored(key, LARGE, ZERO)).toList();
      source.requireAllTaken(key -> false);
      float[] expected = manager.arange(0f, LARGE.size(), 1f).toFloatArray();
      for (NDArray each : taken) {
        assertArrayEquals(expected, each.toFloatArray());
      }
    }
  }

  private void assertRefused(Path file, String expected, String... others) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        Checkpoint checkpoint = Checkpoint.open(file)) {
      CheckpointParameters source = new CheckpointParameters(checkpoint, manager);
      KEYS.forEach(key -> source.takeStored(key, LARGE, ZERO));
      for (String other : others) {
        source.take(other, LARGE, ZERO);
      }
      DiffusionException refused =
          assertThrows(DiffusionException.class, () -> source.requireAllTaken(key -> false));
      assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }
  }

  private Path write(TensorType type) {
    Path file = folder.resolve(type + ".safetensors");
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      for (String key : KEYS) {
        NDArray values = manager.arange(0f, LARGE.size(), 1f);
        tensors.put(key, (type == TensorType.F16 ? values.div(10) : values).reshape(LARGE));
      }
      SafetensorsWriter.write(file, tensors, type, Map.of());
    }
    return file;
  }

  /** Makes the last value of some tensors a NaN. */
  private static Path breakAt(Path file, String... keys) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      for (String key : keys) {
        TensorView view = (TensorView) read.tensors().get(key);
        int end = (int) (view.offset() + view.bytes());
        bytes[end - 1] = 0x7f;
        bytes[end - 2] = (byte) 0xff;
      }
    }
    Files.write(file, bytes);
    return file;
  }
}
