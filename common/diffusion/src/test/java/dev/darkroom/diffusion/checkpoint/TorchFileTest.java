package dev.darkroom.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.pickle.PickleReader;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchFileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"zip.pth", "legacy.pth", "trained.ckpt"})
  void readsWhatPythonSaved(String name) {
    try (SafetensorsFile expected = SafetensorsFile.open(fixture("expected.safetensors"));
        TorchFile file = TorchFile.open(fixture(name));
        NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      assertEquals(expected.tensors().keySet(), Set.copyOf(file.tensors().keySet()));
      expected
          .tensors()
          .forEach(
              (key, tensor) -> {
                StoredTensor read = file.tensors().get(key);
                assertEquals(tensor.type(), read.type(), key);
                assertEquals(tensor.shape(), read.shape(), key);
                assertArrayEquals(bytes(tensor), bytes(read), key);
                assertEquals(expected.read(key, manager), TensorLoading.load(read, manager), key);
              });
    }
  }

  @Test
  void keepsThePlainValuesBesideAStateDict() {
    try (TorchFile file = TorchFile.open(fixture("trained.ckpt"))) {
      assertEquals("875000", file.metadata().get("global_step"));
      assertEquals("1.4.2", file.metadata().get("pytorch-lightning_version"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5})
  void readsLaterProtocolsAndNestedDicts(int protocol) {
    try (TorchFile file = TorchFile.open(fixture("protocol" + protocol + ".pt"))) {
      assertEquals(Set.of("x", "nested.y"), file.tensors().keySet());
      assertEquals(Map.of("n", "1180591620717411303424"), file.metadata());
    }
  }

  @Test
  void readsRealFiles() {
    Path data = Path.of("..", "..", "..", "shared", "data");
    assumeTrue(Files.isDirectory(data), "skipped: ../shared/data absent");
    try (TorchFile decoder = TorchFile.open(data.resolve("taef2/taef2_decoder.pth"));
        TorchFile embedding =
            TorchFile.open(data.resolve("lora/textual_inversion_learned_embeds.bin"))) {
      assertEquals(79, decoder.tensors().size());
      assertTrue(decoder.tensors().values().stream().allMatch(StoredTensor::isFinite));
      assertEquals(1, embedding.tensors().size());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          evil-zip.ckpt     | its pickle asks for posix.system, which is code
          evil-legacy.ckpt  | eval, which is code
          evil-plain.ckpt   | its pickle asks for posix.system, which is code
          int16.pt          | tensor x: expected an element type among
          list.pt           | expected a dict of tensors
          expanded.pt       | does not lie in its storage of 1 elements
          deflated.pth      | is compressed; save it again with torch.save
          """)
  void refusesByName(String name, String reason) {
    assertRefused(fixture(name), reason);
  }

  @Test
  void refusesFilesThatAreSomethingElse() throws IOException {
    assertRefused("<!DOCTYPE html><html>", "it is a web page");
    assertRefused("version https://git-lfs.github.com/spec/v1\n", "it is a git-lfs pointer");
    assertRefused("", "expected a zip file or a pickle");
    assertRefused("PK\u0003\u0004 and no more", "the file is truncated");
    assertRefused("\u0080\u0002K\u0001.", "it is a pickle that torch.save did not write");
    assertRefused("\u0080\u0002", "its pickle ends early");
    assertRefused("\u0080\u0009K\u0001.", "expected protocol 1 to 5, got 9");
  }

  @Test
  void refusesTruncatedFiles() throws IOException {
    for (String name : new String[] {"zip.pth", "legacy.pth"}) {
      byte[] whole = Files.readAllBytes(fixture(name));
      for (int length : new int[] {whole.length - 1, whole.length / 2, 100, 3}) {
        Path cut = folder.resolve("cut.pth");
        Files.write(cut, Arrays.copyOf(whole, length));
        assertRefused(cut, "");
      }
    }
  }

  /** A tuple of tuples a million deep, as the key of a dict, and a dict inside of itself. */
  @Test
  void isNotBroughtDownByNesting() {
    ByteArrayOutputStream deep = new ByteArrayOutputStream();
    deep.writeBytes(new byte[] {(byte) 0x80, 2, '}', 'q', 0, ')'});
    for (int i = 0; i < 1_000_000; i++) {
      deep.write(0x85);
    }
    deep.writeBytes(new byte[] {'h', 0, 's', '.'});
    PickleReader.read("deep", ByteBuffer.wrap(deep.toByteArray()), global -> false);

    ByteArrayOutputStream twice = new ByteArrayOutputStream();
    twice.writeBytes(new byte[] {(byte) 0x80, 2, '}', ')'});
    for (int i = 0; i < 1000; i++) {
      // t = (t, t): 2^1000 elements to whoever counts them.
      twice.writeBytes(new byte[] {'2', (byte) 0x86});
    }
    twice.writeBytes(new byte[] {'N', 's', '.'});
    StateDict.elementBytes(
        PickleReader.read("twice", ByteBuffer.wrap(twice.toByteArray()), global -> false));
  }

  private void assertRefused(String content, String reason) throws IOException {
    Path path = folder.resolve("bad.ckpt");
    assertRefused(Files.write(path, content.getBytes(StandardCharsets.ISO_8859_1)), reason);
  }

  private static void assertRefused(Path path, String reason) {
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> TorchFile.open(path).close(), path.toString());
    assertEquals(DiffusionException.Kind.BAD_CHECKPOINT, refused.kind());
    assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
  }

  private static byte[] bytes(StoredTensor tensor) {
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
    tensor.read((elements, first, count) -> bytes.put(elements.asByteBuffer()));
    assertFalse(bytes.hasRemaining());
    return bytes.array();
  }

  private static Path fixture(String name) {
    try {
      return Path.of(TorchFileTest.class.getResource("/checkpoints/pickles/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
