package dev.darkroom.trainer.data;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** What an {@link IOException} on the local disk means for a job. */
public final class DiskErrors {
  private DiskErrors() {}

  /** A file that was there could not be read. */
  public static DarkroomException reading(Path file, IOException e) {
    if (e instanceof NoSuchFileException) {
      return new DarkroomException(ErrorCode.INTERNAL, file + ": no such file", e);
    }
    return new DarkroomException(
        ErrorCode.INTERNAL, file + ": cannot be read: " + e.getMessage(), e);
  }

  /** A file could not be written: the disk is full, or it is a defect. */
  public static DarkroomException writing(Path file, IOException e) {
    if (isFull(file, e)) {
      return new DarkroomException(
          ErrorCode.OUT_OF_DISK,
          file + ": the disk is full; free space under " + file.getParent(),
          e);
    }
    return new DarkroomException(
        ErrorCode.INTERNAL, file + ": cannot be written: " + e.getMessage(), e);
  }

  private static boolean isFull(Path file, IOException e) {
    String reason = e instanceof FileSystemException fs ? fs.getReason() : e.getMessage();
    String text = String.valueOf(reason).toLowerCase(Locale.ROOT);
    if (text.contains("no space left")
        || text.contains("disk quota")
        || text.contains("file too large")) {
      return true;
    }
    Path parent = file.toAbsolutePath().getParent();
    try {
      return parent != null
          && Files.exists(parent)
          && Files.getFileStore(parent).getUsableSpace() == 0;
    } catch (IOException unknown) {
      e.addSuppressed(unknown);
      return false;
    }
  }
}
