package dev.darkroom.trainer.data;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * The chunk structure of a PNG: the JDK's decoder skips the checksums, which are there to be
 * checked.
 */
final class PngChunks {
  private static final int SIGNATURE = 8;
  private static final int IEND = 0x49454e44;

  private PngChunks() {}

  static void verify(String name, byte[] bytes) {
    ByteBuffer png = ByteBuffer.wrap(bytes);
    png.position(SIGNATURE);
    while (png.remaining() >= 12) {
      int length = png.getInt();
      if (length < 0 || length > png.remaining() - 8) {
        break;
      }
      int start = png.position();
      int type = png.getInt();
      CRC32 crc = new CRC32();
      crc.update(bytes, start, length + 4);
      png.position(start + 4 + length);
      if (png.getInt() != (int) crc.getValue()) {
        throw PictureReader.invalid(
            name,
            "the PNG is damaged: the checksum of the chunk at byte %d fails".formatted(start - 4),
            null);
      }
      if (type == IEND) {
        return;
      }
    }
    throw PictureReader.invalid(
        name, "the PNG ends early, after %d bytes".formatted(bytes.length), null);
  }
}
