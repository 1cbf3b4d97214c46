package dev.darkroom.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.DrawnParameters;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** For inference, weights of 16 bits stay in the file that they are mapped from. */
class StoredWeightsTest {
  private static final String CONV = "decoder.mid_block.resnets.0.conv1.weight";
  private static final AutoencoderConfig CONFIG =
      AutoencoderConfig.of(
          ModelConfig.parse("one level", "{\"block_out_channels\": [64], \"latent_channels\": 2}"));

  @TempDir Path folder;
  private final NDManager manager = TorchRuntime.newManager(Device.cpu());
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();

  @BeforeEach
  void draw() {
    parameters.putAll(
        new AutoencoderKL(CONFIG, new DrawnParameters(manager), Execution.TRAINING).parameters());
  }

  @AfterEach
  void free() {
    manager.close();
  }

  /** What a model makes of them is what it makes of the same values in float32. */
  @ParameterizedTest
  @CsvSource({
    "F16, INFERENCE",
    "BF16, INFERENCE",
    "F16, INFERENCE_BFLOAT16",
    "BF16, INFERENCE_BFLOAT16",
    "F16, INFERENCE_INT8",
    "BF16, INFERENCE_INT8"
  })
  void decodeAsTheSameValuesInFloat32(TensorType type, Execution execution) throws IOException {
    ReducedPrecision.assumeComputed(execution);
    Path half = write(parameters, type);
    Path unaligned = folder.resolve("unaligned.safetensors");
    Files.write(unaligned, withLongerHeader(Files.readAllBytes(half)));
    Path wide = folder.resolve("wide.safetensors");
    try (SafetensorsFile file = SafetensorsFile.open(half)) {
      Map<String, NDArray> widened = new LinkedHashMap<>();
      parameters.keySet().forEach(key -> widened.put(key, file.read(key, manager)));
      SafetensorsWriter.write(wide, widened, TensorType.F32, Map.of());
    }
    float[] expected = decode(wide, execution);
    assertArrayEquals(expected, decode(half, execution));
    assertArrayEquals(expected, decode(unaligned, execution));
  }

  @ParameterizedTest
  @EnumSource(
      value = TensorType.class,
      names = {"F32", "F16", "BF16"})
  void areRefusedWhereOneIsNoNumber(TensorType type) throws IOException {
    Path file = write(parameters, type);
    byte[] bytes = Files.readAllBytes(file);
    long end;
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      TensorView conv = (TensorView) read.tensors().get(CONV);
      end = conv.offset() + conv.bytes();
    }
    // All ones in the upper byte and the next are a NaN in each of these types.
    bytes[(int) end - 1] = 0x7f;
    bytes[(int) end - 2] = (byte) 0xff;
    Files.write(file, bytes);
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> decode(file, Execution.INFERENCE));
    assertTrue(
        refused.getMessage().contains("tensor " + CONV + ": expected finite values"),
        refused.getMessage());
  }

  /** Their sum is past the greatest float16. */
  @Test
  void mayBeGreat() {
    Map<String, NDArray> great = new LinkedHashMap<>(parameters);
    great.computeIfPresent(CONV, (key, old) -> manager.full(old.getShape(), 60000f));
    decode(write(great, TensorType.F16), Execution.INFERENCE);
  }

  @Test
  void outliveTheNameOfTheirFile() {
    Path file = write(parameters, TensorType.F16);
    float[] expected = decode(file, Execution.INFERENCE);
    assertArrayEquals(
        expected, decode(file, Execution.INFERENCE, () -> Files.delete(file)), "deleted");
  }

  private Path write(Map<String, NDArray> values, TensorType type) {
    Path file = folder.resolve(type + ".safetensors");
    SafetensorsWriter.write(file, values, type, Map.of());
    return file;
  }

  /** The same tensors, a byte further on. */
  private static byte[] withLongerHeader(byte[] file) throws IOException {
    long length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertEquals(0, length % 2);
    int end = Math.toIntExact(Long.BYTES + length);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(length + 1).array());
    out.write(file, Long.BYTES, end - Long.BYTES);
    out.write(' ');
    out.write(file, end, file.length - end);
    assertNotEquals(file.length, out.size());
    return out.toByteArray();
  }

  private interface Meanwhile {
    void happens() throws IOException;
  }

  private float[] decode(Path weights, Execution execution) {
    return decode(weights, execution, () -> {});
  }

  private float[] decode(Path weights, Execution execution, Meanwhile meanwhile) {
    try (NDManager own = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off();
        Scope scope = Scope.open()) {
      AutoencoderKL model;
      try (Checkpoint checkpoint = Checkpoint.open(weights)) {
        CheckpointParameters source = new CheckpointParameters(checkpoint, own);
        model = new AutoencoderKL(CONFIG, source, execution);
        source.requireAllTaken(key -> false);
      }
      meanwhile.happens();
      NDArray z = own.arange(2 * 5 * 6).mul(0.37f).sin().reshape(new Shape(1, 2, 5, 6));
      return model.decode(z).toFloatArray();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
