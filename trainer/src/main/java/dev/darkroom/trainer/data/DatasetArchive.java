package dev.darkroom.trainer.data;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Enumeration;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Unpacks an uploaded zip as the untrusted data it is. Names that leave the folder are refused, not
 * renamed; sizes are counted as they are written, since headers lie; and a bomb is stopped by its
 * ratio, its bytes or its entries, whichever comes first.
 *
 * @param maxEntries files and folders
 * @param maxBytes unpacked, of all entries
 * @param maxRatio unpacked over packed bytes of one entry, above a first megabyte
 */
public record DatasetArchive(int maxEntries, long maxBytes, int maxRatio) {
  /** Room for 200,000 pictures of 100 kB. */
  public static final DatasetArchive STANDARD = new DatasetArchive(400_000, 20L << 30, 200);

  /** Metadata compresses well; small entries are left alone. */
  private static final long RATIO_FREE = 1 << 20;

  /**
   * Unpacks into a folder that need not exist.
   *
   * @throws DarkroomException {@link ErrorCode#INVALID_DATASET} in one sentence, {@link
   *     ErrorCode#OUT_OF_DISK}
   */
  public void unpack(Path archive, Path folder) {
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      if (zip.size() > maxEntries) {
        throw invalid("expected at most %d entries, got %d".formatted(maxEntries, zip.size()));
      }
      create(folder);
      long written = 0;
      Enumeration<? extends ZipEntry> entries = zip.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        Path target = target(folder, entry.getName());
        if (entry.isDirectory()) {
          create(target);
          continue;
        }
        create(parent(target));
        written += copyOrName(zip, entry, target, maxBytes - written);
      }
    } catch (ZipException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_DATASET,
          "the dataset: expected a zip of pictures and metadata.jsonl, got a file that is no zip archive (%s)"
              .formatted(e.getMessage()),
          e);
    } catch (IOException e) {
      throw DiskErrors.reading(archive, e);
    }
  }

  private static Path parent(Path target) {
    Path parent = target.getParent();
    return parent == null ? target : parent;
  }

  private static Path target(Path folder, String name) {
    try {
      Path target = folder.resolve(name).normalize();
      if (!name.startsWith("/")
          && name.indexOf('\\') < 0
          && name.indexOf('\0') < 0
          && target.startsWith(folder)
          && (!target.equals(folder) || name.endsWith("/"))) {
        return target;
      }
    } catch (InvalidPathException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_DATASET,
          "the archive: \"%s\" is not a file name".formatted(printable(name)),
          e);
    }
    throw invalid(
        "entry \"%s\" points outside the dataset; expected names relative to it"
            .formatted(printable(name)));
  }

  private static String printable(String name) {
    return name.substring(0, Math.min(120, name.length())).replaceAll("\\p{Cntrl}", "?");
  }

  private long copyOrName(ZipFile zip, ZipEntry entry, Path target, long left) throws IOException {
    try {
      return copy(zip, entry, target, left);
    } catch (ZipException | EOFException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_DATASET,
          "the archive: entry \"%s\" is damaged: %s"
              .formatted(printable(entry.getName()), e.getMessage()),
          e);
    }
  }

  private long copy(ZipFile zip, ZipEntry entry, Path target, long left) throws IOException {
    long packed = Math.max(1, entry.getCompressedSize());
    byte[] buffer = new byte[1 << 16];
    long written = 0;
    CRC32 crc = new CRC32();
    try (InputStream in = zip.getInputStream(entry)) {
      try (OutputStream out = output(target)) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          written += count;
          if (written > left) {
            throw invalid("expected at most %d bytes unpacked, got more".formatted(maxBytes));
          }
          if (written > RATIO_FREE && written / packed > maxRatio) {
            throw invalid(
                "entry \"%s\" unpacks to more than %d times its size; expected pictures"
                    .formatted(printable(entry.getName()), maxRatio));
          }
          crc.update(buffer, 0, count);
          write(out, buffer, count, target);
        }
      }
    }
    if (entry.getCrc() != crc.getValue()) {
      throw new ZipException("its checksum fails");
    }
    return written;
  }

  private static OutputStream output(Path target) {
    try {
      return Files.newOutputStream(target, StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_DATASET,
          "the archive: \"%s\" is there twice"
              .formatted(printable(String.valueOf(target.getFileName()))),
          e);
    } catch (IOException e) {
      throw DiskErrors.writing(target, e);
    }
  }

  private static void write(OutputStream out, byte[] buffer, int count, Path target) {
    try {
      out.write(buffer, 0, count);
    } catch (IOException e) {
      throw DiskErrors.writing(target, e);
    }
  }

  private static void create(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_DATASET,
          "the archive: \"%s\" is both a file and a folder"
              .formatted(printable(String.valueOf(folder.getFileName()))),
          e);
    } catch (IOException e) {
      throw DiskErrors.writing(folder, e);
    }
  }

  private static DarkroomException invalid(String problem) {
    return new DarkroomException(ErrorCode.INVALID_DATASET, "the archive: " + problem);
  }
}
