package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.Picture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32;

/**
 * The latents of a dataset's renderings: posterior means, shifted and scaled as the diffusion model
 * sees them. Each is computed when first asked for, alone, so that its bits depend on nothing else,
 * and kept in a sparse file; an entry is valid where its check sum is, whatever a crash left
 * behind.
 */
final class LatentCache implements AutoCloseable {
  private final AutoencoderKL autoencoder;
  private final Dataset data;
  private final NDManager manager;
  private final FileChannel channel;
  private final Shape shape;
  private final int entryBytes;

  /**
   * @param folder of this machine's caches; the file's name says which data and autoencoder it is
   *     of
   * @param identity of the autoencoder's weights, in hex
   */
  LatentCache(
      AutoencoderKL autoencoder, String identity, Dataset data, Path folder, NDManager manager) {
    this.autoencoder = autoencoder;
    this.data = data;
    this.manager = manager;
    int factor = autoencoder.config().factor();
    this.shape =
        new Shape(
            autoencoder.config().latentChannels(), data.height() / factor, data.width() / factor);
    this.entryBytes = Math.toIntExact(Integer.BYTES + shape.size() * Float.BYTES);
    try {
      Files.createDirectories(folder);
      Path file =
          folder.resolve("latents-" + Identity.of(identity, data.fingerprint()).substring(0, 32));
      this.channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException("opening the latent cache below " + folder, e);
    }
  }

  /** [C, h, w] of every latent. */
  Shape shape() {
    return shape;
  }

  /** One latent, [C * h * w]. */
  float[] latent(int index, int variant) {
    long at = ((long) index * data.variants() + variant) * entryBytes;
    try {
      ByteBuffer entry = ByteBuffer.allocate(entryBytes).order(ByteOrder.LITTLE_ENDIAN);
      if (read(entry, at) && entry.getInt(0) == checkSum(entry)) {
        return floats(entry);
      }
      float[] latent = encode(data.picture(index, variant));
      entry.clear().position(Integer.BYTES);
      entry.asFloatBuffer().put(latent);
      entry.putInt(0, checkSum(entry)).clear();
      while (entry.hasRemaining()) {
        channel.write(entry, at + entry.position());
      }
      return latent;
    } catch (IOException e) {
      throw new UncheckedIOException("reading or writing the latent cache", e);
    }
  }

  private boolean read(ByteBuffer entry, long at) throws IOException {
    while (entry.hasRemaining()) {
      if (channel.read(entry, at + entry.position()) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Never 0, which is what a hole of the file reads as. */
  private static int checkSum(ByteBuffer entry) {
    CRC32 crc = new CRC32();
    crc.update(entry.array(), Integer.BYTES, entry.capacity() - Integer.BYTES);
    return (int) crc.getValue() | 1;
  }

  private static float[] floats(ByteBuffer entry) {
    float[] values = new float[(entry.capacity() - Integer.BYTES) / Float.BYTES];
    entry
        .position(Integer.BYTES)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    return values;
  }

  private float[] encode(Picture picture) {
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open()) {
      NDArray x =
          manager.create(picture.planes(), new Shape(1, 3, picture.height(), picture.width()));
      NDArray mean = autoencoder.encode(x).mean();
      int area = Math.toIntExact(mean.getShape().slice(2).size());
      return autoencoder.config().latentScaling().seen(mean.toFloatArray(), area);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("closing the latent cache", e);
    }
  }
}
