package dev.darkroom.diffusion.checkpoint;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Damaged files of every kind are read or refused, and never end in anything else: the engine's own
 * end would be that of the process. Seeded, so that a failure comes back.
 */
class ReaderFuzzTest {
  private static final int FILES = Integer.getInteger("fuzz.files", 600);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "goldens/types.safetensors, 1",
    "checkpoints/pickles/zip.pth, 2",
    "checkpoints/pickles/legacy.pth, 3",
    "checkpoints/pickles/trained.ckpt, 4",
    "checkpoints/pickles/protocol4.pt, 5"
  })
  void readsOrRefuses(String name, long seed) throws IOException, URISyntaxException {
    byte[] whole =
        Files.readAllBytes(Path.of(ReaderFuzzTest.class.getResource("/" + name).toURI()));
    Path file = folder.resolve(Path.of(name).getFileName());
    Random random = new Random(seed);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      for (int i = 0; i < FILES; i++) {
        Files.write(file, damaged(whole, random));
        try {
          read(file, manager);
        } catch (DiffusionException refused) {
          if (refused.kind() == DiffusionException.Kind.INTERNAL
              || refused.getMessage().lines().count() != 1) {
            throw new AssertionError("file %d of seed %d".formatted(i, seed), refused);
          }
        } catch (RuntimeException | Error e) {
          throw new AssertionError("file %d of seed %d".formatted(i, seed), e);
        }
      }
    }
  }

  private static void read(Path file, NDManager manager) {
    try (Checkpoint checkpoint = Checkpoint.open(file);
        NDManager own = manager.newSubManager()) {
      for (String key : checkpoint.keys()) {
        checkpoint.entry(key).isFinite();
        checkpoint.read(key, own);
      }
    }
  }

  private static byte[] damaged(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int changes = random.nextInt(4); changes >= 0; changes--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        case 3 -> { // a stretch from elsewhere
          int from = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(64), bytes.length - Math.max(at, from));
          System.arraycopy(bytes, from, bytes, at, length);
        }
        case 4 -> { // a number at its limits
          byte edge = (byte) (random.nextBoolean() ? 0xff : 0x7f);
          Arrays.fill(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(8)), edge);
        }
        default -> { // a digit of a JSON number, an opcode
          String likely = "0123456789eE-.[]{}\"()utsRbQcqhjK";
          bytes[at] = (byte) likely.charAt(random.nextInt(likely.length()));
        }
      }
    }
    return bytes;
  }
}
