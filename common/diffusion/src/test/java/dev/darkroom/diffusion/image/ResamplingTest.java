package dev.darkroom.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ResamplingTest {
  @Test
  void resizesAsPillowDoesToTheByte() throws IOException, URISyntaxException {
    Path folder = Path.of(ResamplingTest.class.getResource("/pipelines/variants").toURI());
    RgbImage odd = ImageFile.decode(Files.readAllBytes(folder.resolve("odd.png")), 10_000);
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("resized.safetensors"));
        NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      for (String key : expected.tensors().keySet()) {
        String[] parts = key.split("[.x]");
        RgbImage resized =
            Resampling.valueOf(parts[0])
                .resize(odd, Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
        long[] pixels = expected.read(key, manager).toLongArray();
        byte[] bytes = new byte[pixels.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) pixels[i];
        }
        assertArrayEquals(bytes, resized.toBytes(), key);
      }
    }
  }

  @Test
  void aPictureOfTheSizeStaysAsItIs() {
    RgbImage picture = RgbImage.of(2, 1, new byte[] {1, 2, 3, 4, 5, 6});
    assertEquals(picture, Resampling.LANCZOS.resize(picture, 2, 1));
  }
}
