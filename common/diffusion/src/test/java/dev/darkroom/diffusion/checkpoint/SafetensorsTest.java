package dev.darkroom.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
  @TempDir Path folder;
  private final NDManager manager = TorchRuntime.newManager(Device.cpu());

  @AfterEach
  void free() {
    manager.close();
  }

  @Test
  void readsEveryTypeThatPythonWrites() throws Exception {
    URI types = SafetensorsTest.class.getResource("/goldens/types.safetensors").toURI();
    try (SafetensorsFile file = SafetensorsFile.open(Path.of(types))) {
      for (String key : new String[] {"f64", "f32", "f16", "bf16"}) {
        NDArray read = file.read(key, manager);
        assertEquals(DataType.FLOAT32, read.getDataType(), key);
        assertEquals(new Shape(2, 3), read.getShape(), key);
        assertArrayEquals(new float[] {0, 1, -2, 0.5f, 96, -0.125f}, read.toFloatArray(), key);
      }
      for (String key : new String[] {"i64", "i32", "i8", "u8", "bool"}) {
        assertArrayEquals(new long[] {0, 1, 1}, file.read(key, manager).toLongArray(), key);
      }
      assertEquals(new Shape(), file.read("scalar", manager).getShape());
      assertEquals(7.5f, file.read("scalar", manager).getFloat());
      assertEquals(0, file.read("empty", manager).size());
      assertEquals("written by make_goldens.py", file.metadata().get("note"));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TensorType.class,
      names = {"F32", "F16", "BF16"})
  void readsWhatItWrote(TensorType type) {
    Map<String, NDArray> tensors = new LinkedHashMap<>();
    tensors.put("b", manager.create(new float[] {1, -0.5f, 1024, 0}, new Shape(2, 2)));
    tensors.put("a", manager.create(new long[] {3, -4}));
    Path path = folder.resolve("model.safetensors");

    SafetensorsWriter.write(path, tensors, type, Map.of("step", "7"));

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(tensors.keySet(), file.tensors().keySet());
      assertEquals(type, file.tensors().get("b").type());
      assertEquals(tensors.get("b"), file.read("b", manager));
      assertEquals(tensors.get("a"), file.read("a", manager));
      assertEquals("7", file.metadata().get("step"));
    }
  }

  /** A trainer writes its next checkpoint while the last one is read. */
  @Test
  void readsTheFileItOpenedThoughAnotherTookItsPlace() throws IOException {
    Path path = folder.resolve("model.safetensors");
    NDArray first = manager.create(new float[] {1, 2, 3, 4});
    SafetensorsWriter.write(path, Map.of("x", first), TensorType.F32, Map.of());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      NDArray mapped = file.read("x", manager);
      SafetensorsWriter.write(
          path, Map.of("x", manager.create(new float[] {5, 6, 7, 8})), TensorType.F32, Map.of());
      assertEquals(first, file.read("x", manager));
      Files.delete(path);
      assertEquals(first, file.read("x", manager));
      assertEquals(first, mapped);
    }
  }

  /** A mapped parameter that an optimizer writes to is the model's own. */
  @Test
  void leavesTheFileAsItIsWhenAParameterIsWrittenTo() {
    Path path = folder.resolve("model.safetensors");
    NDArray first = manager.create(new float[] {1, 2, 3, 4});
    SafetensorsWriter.write(path, Map.of("x", first), TensorType.F32, Map.of());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      file.read("x", manager).addi(1);
      assertEquals(first, file.read("x", manager));
    }
  }

  @Test
  void roundsBrainFloatsToNearestEven() {
    // 1 + 2^-8 lies half-way between two bfloat16 values; 1 + 3 * 2^-8 as well.
    NDArray halfway = manager.create(new float[] {1 + 1 / 256f, 1 + 3 / 256f, 1 + 1.01f / 256});
    Path path = folder.resolve("model.safetensors");
    SafetensorsWriter.write(path, Map.of("x", halfway), TensorType.BF16, Map.of());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertArrayEquals(
          new float[] {1, 1 + 4 / 256f, 1 + 2 / 256f}, file.read("x", manager).toFloatArray());
    }
  }

  @Test
  void leavesNothingBehindWhenAValueCannotBeWritten() throws IOException {
    Path path = folder.resolve("model.safetensors");
    NDArray large = manager.create(new float[] {1e6f});
    NDArray broken = manager.create(new float[] {Float.NaN});
    assertThrows(
        DiffusionException.class,
        () -> SafetensorsWriter.write(path, Map.of("x", large), TensorType.F16, Map.of()));
    assertThrows(
        DiffusionException.class,
        () -> SafetensorsWriter.write(path, Map.of("x", broken), TensorType.F32, Map.of()));
    try (var left = Files.list(folder)) {
      assertFalse(left.findAny().isPresent());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"x":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}            | expected an element type among
          {"x":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}        | got F8_E4M3; convert the file first
          {"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}            | lies at bytes 0 to 8 of 4: the file is truncated or damaged
          {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}            | of type F32 and shape [2] needs 8 bytes, got 4
          {"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}            | lies at bytes 4 to 0
          {"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}           | expected a whole number, got -1
          {"x":{"dtype":"F32","shape":[9e18,9e18],"data_offsets":[0,4]}}    | expected a whole number
          {"x":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}} | has an impossible shape
          {"x":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}} | has an impossible shape
          {"x":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}             | starts at byte
          {"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"y":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}} | tensor y starts at byte
          {"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}             | its tensors end at byte
          {"x":{"dtype":"U8","shape":[4]}}                                  | has no proper shape and data_offsets
          {"x":7}                                                           | expected an element type among
          {"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"x":{}}      | Duplicate field 'x'
          [1,2]                                                             | its header is not a JSON object
          {"x":                                                             | its header is not JSON
          """)
  void refusesALyingHeaderInOneSentence(String header, String reason) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + json.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    assertRefused(file.array(), reason);
  }

  @Test
  void refusesFilesThatAreSomethingElse() throws IOException {
    assertRefused(new byte[0], "expected at least 8 bytes, got 0");
    assertRefused(
        "<!DOCTYPE html><html>Not found</html>".getBytes(StandardCharsets.UTF_8),
        "it is a web page");
    assertRefused(
        "version https://git-lfs.github.com/spec/v1\noid sha256:00"
            .getBytes(StandardCharsets.UTF_8),
        "it is a git-lfs pointer; fetch the real file with git lfs pull");
    assertRefused(
        "PK\u0003\u0004 and so on".getBytes(StandardCharsets.ISO_8859_1),
        "it is a pickle under the name of a safetensors file");
    ByteBuffer huge =
        ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
    assertRefused(
        huge.array(), "it says its header has 9223372036854775807 bytes, of a file with 64");
    assertRefused(huge.putLong(0, -1).array(), "18446744073709551615 bytes");
  }

  @Test
  void refusesATruncatedFile() throws IOException {
    Path path = folder.resolve("whole.safetensors");
    SafetensorsWriter.write(
        path, Map.of("x", manager.zeros(new Shape(100))), TensorType.F32, Map.of());
    byte[] whole = Files.readAllBytes(path);
    assertRefused(
        java.util.Arrays.copyOf(whole, whole.length - 1), "the file is truncated or damaged");
  }

  private void assertRefused(byte[] content, String reason) throws IOException {
    Path path = Files.write(folder.resolve("bad.safetensors"), content);
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> SafetensorsFile.open(path));
    assertEquals(DiffusionException.Kind.BAD_CHECKPOINT, refused.kind());
    assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
  }
}
