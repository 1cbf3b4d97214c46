package dev.darkroom.diffusion.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a PNG, JPEG or WebP file says of its picture that the decoders leave out.
 *
 * @param printColours whether it is a JPEG of four colours, which the JDK takes for others
 * @param moves whether it is a WebP animation, which the decoder has no word for
 * @param orientation how the camera was held, by EXIF
 */
public record PictureHeader(boolean printColours, boolean moves, Orientation orientation) {
  private static final PictureHeader SILENT = new PictureHeader(false, false, Orientation.NORMAL);

  private static final int JPEG = 0xffd8;
  private static final long PNG = 0x89504e470d0a1a0aL;
  private static final int RIFF = 0x52494646;
  private static final int WEBP = 0x57454250;

  private static final int START_OF_SCAN = 0xda;
  private static final int APP1 = 0xe1;
  private static final int PNG_EXIF = 0x65584966;
  private static final int WEBP_EXIF = 0x45584946;
  private static final int WEBP_EXTENDED = 0x56503858;
  private static final int WEBP_MOVES = 2;
  private static final long EXIF = 0x457869660000L;
  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  /** Reads them; whether they are sound is the decoder's to judge, and other files say nothing. */
  public static PictureHeader of(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    if (file.length < 12) {
      return SILENT;
    }
    if ((bytes.getShort(0) & 0xffff) == JPEG) {
      return ofJpeg(bytes.position(2));
    }
    if (bytes.getLong(0) == PNG) {
      return ofPng(bytes.position(8));
    }
    return bytes.getInt(0) == RIFF && bytes.getInt(8) == WEBP ? ofWebp(bytes.position(12)) : SILENT;
  }

  private static PictureHeader ofJpeg(ByteBuffer segments) {
    boolean printColours = false;
    Orientation orientation = Orientation.NORMAL;
    try {
      while (segments.remaining() >= 4 && (segments.get() & 0xff) == 0xff) {
        int marker = segments.get() & 0xff;
        int length = (segments.getShort() & 0xffff) - 2;
        if (marker == START_OF_SCAN || length < 0) {
          break;
        }
        ByteBuffer segment = segments.slice(segments.position(), length);
        if (isFrame(marker)) {
          printColours = segment.get(5) == 4;
        }
        if (marker == APP1 && hasName(segment)) {
          orientation = orientation(segment);
        }
        segments.position(segments.position() + length);
      }
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return new PictureHeader(printColours, false, orientation);
    }
    return new PictureHeader(printColours, false, orientation);
  }

  /** SOF0 to SOF15, between which three markers are something else. */
  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  private static PictureHeader ofPng(ByteBuffer chunks) {
    try {
      while (chunks.remaining() >= 12) {
        int length = chunks.getInt();
        int type = chunks.getInt();
        if (type == PNG_EXIF) {
          return new PictureHeader(
              false, false, orientation(chunks.slice(chunks.position(), length)));
        }
        chunks.position(Math.addExact(chunks.position(), Math.addExact(length, 4)));
      }
    } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException e) {
      return SILENT;
    }
    return SILENT;
  }

  private static PictureHeader ofWebp(ByteBuffer chunks) {
    boolean moves = false;
    Orientation orientation = Orientation.NORMAL;
    try {
      while (chunks.remaining() >= 8) {
        int type = chunks.getInt();
        int length = Integer.reverseBytes(chunks.getInt());
        ByteBuffer chunk = chunks.slice(chunks.position(), length);
        switch (type) {
          case WEBP_EXTENDED -> moves = (chunk.get(0) & WEBP_MOVES) != 0;
          case WEBP_EXIF -> orientation = orientation(chunk);
          default -> {}
        }
        chunks.position(Math.addExact(chunks.position(), Math.addExact(length, length & 1)));
      }
    } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException e) {
      return new PictureHeader(false, moves, orientation);
    }
    return new PictureHeader(false, moves, orientation);
  }

  private static boolean hasName(ByteBuffer exif) {
    return exif.limit() > 8 && exif.getLong(0) >>> 16 == EXIF;
  }

  /**
   * EXIF is a TIFF file of its own, and its first directory has the tag. A broken one says nothing,
   * and what the picture's file says after it still counts.
   *
   * @param exif with its name before it or without
   */
  private static Orientation orientation(ByteBuffer exif) {
    try {
      int start = hasName(exif) ? 6 : 0;
      ByteBuffer tiff = exif.slice(start, exif.limit() - start);
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
    } catch (IndexOutOfBoundsException e) {
      return Orientation.NORMAL;
    }
  }
}
