package dev.darkroom.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FrameTest {
  private static final RgbImage PICTURE = RgbImage.of(2, 1, new byte[] {1, 2, 3, 4, 5, 6});

  @Test
  void resizesAsDiffusersDoesToTheByte() throws IOException, URISyntaxException {
    Path folder = Path.of(FrameTest.class.getResource("/pipelines/variants").toURI());
    RgbImage odd = ImageFile.decode(Files.readAllBytes(folder.resolve("odd.png")), 10_000);
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("framed.safetensors"));
        NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      for (String key : expected.tensors().keySet()) {
        String[] parts = key.split("[.x]");
        Frame frame = new Frame(Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
        RgbImage framed = parts[0].equals("fill") ? frame.around(odd) : frame.filledBy(odd);
        long[] pixels = expected.read(key, manager).toLongArray();
        byte[] bytes = new byte[pixels.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) pixels[i];
        }
        assertArrayEquals(bytes, framed.toBytes(), key);
      }
    }
  }

  @Test
  void aPictureOfTheSizeStaysAsItIs() {
    assertEquals(PICTURE, new Frame(2, 1).around(PICTURE));
    assertEquals(PICTURE, new Frame(2, 1).filledBy(PICTURE));
  }

  @Test
  void aPictureOfAnyShapeFits() {
    assertEquals(new Frame(2, 90), sizeOf(new Frame(2, 90).around(PICTURE)));
    assertEquals(new Frame(90, 1), sizeOf(new Frame(90, 1).filledBy(PICTURE)));
    RgbImage thin = RgbImage.of(1, 40, new byte[3 * 40]);
    assertEquals(new Frame(8, 8), sizeOf(new Frame(8, 8).around(thin)));
  }

  @Test
  void aPartLiesWithinItsPicture() {
    assertEquals(RgbImage.of(1, 1, new byte[] {4, 5, 6}), PICTURE.crop(1, 0, 1, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> PICTURE.crop(1, 0, 2, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> PICTURE.crop(0, -1, 2, 1));
  }

  private static Frame sizeOf(RgbImage picture) {
    return new Frame(picture.width(), picture.height());
  }
}
