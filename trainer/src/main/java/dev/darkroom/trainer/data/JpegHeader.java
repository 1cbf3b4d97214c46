package dev.darkroom.trainer.data;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the segments before a JPEG's pixels say that the JDK's decoder leaves out.
 *
 * @param components 1 of grey, 3 of colour, 4 of print colours, 0 where it does not say
 * @param orientation how the camera was held, by EXIF
 */
record JpegHeader(int components, Orientation orientation) {
  private static final int SIGNATURE = 2;
  private static final int START_OF_SCAN = 0xda;
  private static final int APP1 = 0xe1;
  private static final long EXIF = 0x457869660000L;
  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  /** Reads them; whether they are sound is the decoder's to judge. */
  static JpegHeader of(byte[] jpeg) {
    int components = 0;
    Orientation orientation = Orientation.NORMAL;
    ByteBuffer segments = ByteBuffer.wrap(jpeg).position(SIGNATURE);
    try {
      while (segments.remaining() >= 4 && (segments.get() & 0xff) == 0xff) {
        int marker = segments.get() & 0xff;
        int length = (segments.getShort() & 0xffff) - 2;
        if (marker == START_OF_SCAN || length < 0) {
          break;
        }
        ByteBuffer segment = segments.slice(segments.position(), length);
        if (isFrame(marker)) {
          components = segment.get(5) & 0xff;
        }
        if (marker == APP1 && length > 6 && segment.getLong(0) >>> 16 == EXIF) {
          orientation = orientation(segment.slice(6, length - 6));
        }
        segments.position(segments.position() + length);
      }
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return new JpegHeader(components, orientation);
    }
    return new JpegHeader(components, orientation);
  }

  /** SOF0 to SOF15, between which three markers are something else. */
  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  /** EXIF is a TIFF file of its own, and its first directory has the tag. */
  private static Orientation orientation(ByteBuffer tiff) {
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = tiff.getInt(4);
    int entries = tiff.getShort(directory) & 0xffff;
    for (int i = 0; i < entries; i++) {
      int entry = directory + 2 + 12 * i;
      if ((tiff.getShort(entry) & 0xffff) == ORIENTATION && tiff.getShort(entry + 2) == SHORT) {
        return Orientation.ofTag(tiff.getShort(entry + 8) & 0xffff);
      }
    }
    return Orientation.NORMAL;
  }
}
