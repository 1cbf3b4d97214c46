package dev.darkroom.diffusion.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextualInversionTest {
  @TempDir private Path folder;

  @Test
  void readsWhatDiffusersAndA1111Save() {
    TextualInversion diffusers = TextualInversion.load(resource("clip-things.safetensors"), null);
    assertEquals("<thing>", diffusers.token());
    assertEquals(3, diffusers.first().size());
    assertEquals(32, diffusers.first().getFirst().length);
    TextualInversion a1111 = TextualInversion.load(resource("clip-things.pt"), null);
    assertEquals("thing-of-a1111", a1111.token());
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(diffusers.first().get(i), a1111.first().get(i));
    }
    assertEquals("<x>", TextualInversion.load(resource("clip-things.pt"), "<x>").token());
  }

  @Test
  void readsBothEncodersOfStableDiffusionXl() {
    Path file =
        write("style.safetensors", Map.of("clip_l", new Shape(2, 6), "clip_g", new Shape(2, 8)));
    TextualInversion inversion = TextualInversion.load(file, null);
    assertEquals("style", inversion.token());
    assertEquals(6, inversion.first().getLast().length);
    assertEquals(2, inversion.second().size());
    assertEquals(8, inversion.second().getLast().length);
    assertEquals(
        "one",
        TextualInversion.load(write("one.safetensors", Map.of("emb_params", new Shape(1, 6))), null)
            .token());
  }

  @Test
  void readsAPublishedOne() {
    Path file =
        Path.of("..", "..", "..", "shared", "data", "lora", "textual_inversion_learned_embeds.bin");
    assumeTrue(Files.isRegularFile(file), "skipped: ../shared/data absent");
    TextualInversion inversion = TextualInversion.load(file, null);
    assertEquals("<birb-style>", inversion.token());
    assertEquals(List.of(768), inversion.first().stream().map(vector -> vector.length).toList());
  }

  @Test
  void refusesOtherFiles() {
    assertRefused(
        "2 other tensors",
        write("lora.safetensors", Map.of("a.weight", new Shape(2, 2), "b.weight", new Shape(2))));
    assertRefused("[n,C]", write("cube.safetensors", Map.of("<a>", new Shape(2, 2, 2))));
    assertRefused("no such file", folder.resolve("absent.safetensors"));
  }

  private static void assertRefused(String reason, Path file) {
    DiffusionException refusal =
        assertThrows(DiffusionException.class, () -> TextualInversion.load(file, null));
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  private Path write(String name, Map<String, Shape> shapes) {
    Path file = folder.resolve(name);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      shapes.forEach((key, shape) -> tensors.put(key, manager.ones(shape)));
      SafetensorsWriter.write(file, tensors, TensorType.F32, Map.of());
    }
    return file;
  }

  private static Path resource(String name) {
    try {
      return Path.of(TextualInversionTest.class.getResource("/pipelines/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
