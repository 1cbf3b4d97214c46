package dev.darkroom.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.ResidentPages;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Initialisation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What of a file of weights is in memory, by the kernel's own account. */
@EnabledOnOs(OS.LINUX)
class ResidentPagesTest {
  private static final Shape SHAPE = new Shape(8, 1 << 20);
  private static final long KILOBYTES = SHAPE.size() * Float.BYTES >> 10;

  @TempDir private Path folder;

  @Test
  void aWeightComesInWhenItIsUsedNotWhenItIsChecked() throws IOException {
    Path file = folder.toRealPath().resolve("model.safetensors");
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      try (NDArray ones = manager.ones(SHAPE, DataType.FLOAT32)) {
        SafetensorsWriter.write(file, Map.of("weight", ones), TensorType.F32, Map.of());
      }
      try (Checkpoint checkpoint = Checkpoint.of(file, List.of(file))) {
        CheckpointParameters parameters = new CheckpointParameters(checkpoint, manager);
        NDArray weight = parameters.take("weight", SHAPE, new Initialisation.Constant(0));
        parameters.requireAllTaken(key -> false);
        long checked = ResidentPages.kilobytesOf(file);
        assertTrue(checked < KILOBYTES / 8, "checked: " + checked);

        weight.sum().close();
        long used = ResidentPages.kilobytesOf(file);
        assertTrue(used >= KILOBYTES, "used: " + used);
      }
    }
  }
}
