package dev.darkroom.trainer.starter;

import dev.darkroom.trainer.data.DiskErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** The files of an npm package. */
final class Archive {
  private Archive() {}

  /** Gives every file of a {@code .tgz} with its name, "package/...". */
  static void forEachFile(Path archive, BiConsumer<String, byte[]> consumer) {
    try (InputStream file = Files.newInputStream(archive);
        TarArchiveInputStream tar = new TarArchiveInputStream(new GZIPInputStream(file))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (entry.isFile()) {
          consumer.accept(entry.getName(), tar.readAllBytes());
        }
      }
    } catch (IOException e) {
      throw DiskErrors.reading(archive, e);
    }
  }
}
