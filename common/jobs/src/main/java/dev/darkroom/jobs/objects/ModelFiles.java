package dev.darkroom.jobs.objects;

import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Model versions in the object store: blobs by their hash, and a manifest that names them. */
public final class ModelFiles {
  private final ObjectStore objects;

  public ModelFiles(ObjectStore objects) {
    this.objects = objects;
  }

  /**
   * The manifest of a folder: all its files but hidden ones, hashed.
   *
   * @throws dev.darkroom.jobs.job.DarkroomException {@code INVALID_INPUT} where a name is not plain
   */
  public static Manifest scan(Path folder) {
    try (Stream<Path> found = Files.walk(folder)) {
      List<Manifest.Entry> entries = new ArrayList<>();
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        String path = folder.relativize(file).toString().replace('\\', '/');
        if (path.startsWith(".") || path.contains("/.")) {
          continue;
        }
        StoredObject hashed = ObjectStore.hashed(path, file);
        entries.add(new Manifest.Entry(path, hashed.size(), hashed.sha256()));
      }
      return new Manifest(entries);
    } catch (IOException e) {
      throw Attempts.local(folder, e);
    }
  }

  /**
   * Stores a folder as a version: the blobs that are missing, then the manifest, so that a version
   * with a manifest is whole.
   */
  public Manifest upload(Path folder) {
    Manifest manifest = scan(folder);
    for (Manifest.Entry file : manifest.files()) {
      String key = ObjectLayout.blob(file.sha256());
      if (objects.stat(key).map(ObjectInfo::size).orElse(-1L) != file.size()) {
        objects.put(key, folder.resolve(file.path()), "application/octet-stream");
      }
    }
    objects.put(ObjectLayout.manifest(manifest.id()), manifest.bytes(), "application/json");
    return manifest;
  }

  /** The manifest of a version, verified against its id. */
  public Manifest manifest(Sha256 version) {
    byte[] bytes = objects.get(ObjectLayout.manifest(version), version, Manifest.MAX_BYTES);
    return Json.read(new String(bytes, StandardCharsets.UTF_8), Manifest.class);
  }

  /** Writes one file of a version to the disk, verified. */
  public void download(Manifest.Entry file, Path target) {
    objects.download(ObjectLayout.blob(file.sha256()), file.sha256(), file.size(), target);
  }
}
