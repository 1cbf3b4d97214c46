package dev.darkroom.jobs.objects;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Model versions as folders on the local disk, bounded by their bytes; the version that was used
 * least recently goes first. Several processes may share one cache: files appear whole by a rename,
 * and a version in use is locked against removal.
 *
 * <p>{@code blobs/HASH} holds the bytes once; {@code versions/ID/...} are hard links to them, so
 * that versions that share an autoencoder share its bytes.
 */
public final class ModelCache {
  private final ModelFiles files;
  private final Path blobs;
  private final Path versions;
  private final Path locks;
  private final long maxBytes;

  /** Versions in use by this process, each with the lock that says so to other processes. */
  private final Map<Sha256, Use> uses = new HashMap<>();

  private static final class Use {
    final FileChannel channel;
    final FileLock lock;
    int holders;

    Use(FileChannel channel, FileLock lock) {
      this.channel = channel;
      this.lock = lock;
    }
  }

  /**
   * Opens a cache, and makes its folder where there is none.
   *
   * @param maxBytes bytes of blobs to keep; what is in use stays even beyond that
   */
  public ModelCache(ModelFiles files, Path folder, long maxBytes) {
    this.files = files;
    this.maxBytes = maxBytes;
    blobs = folder.resolve("blobs");
    versions = folder.resolve("versions");
    locks = folder.resolve("locks");
    try {
      Files.createDirectories(blobs);
      Files.createDirectories(versions);
      Files.createDirectories(locks);
    } catch (IOException e) {
      throw Attempts.local(folder, e);
    }
  }

  /** A version's folder, which stays as it is until this is closed. */
  public final class Held implements AutoCloseable {
    private final Sha256 version;
    private boolean open = true;

    private Held(Sha256 version) {
      this.version = version;
    }

    /** The model's folder, in diffusers' layout. */
    public Path folder() {
      return versions.resolve(version.hex());
    }

    /** What is wrong with one of its files, in words that name no folder of this machine. */
    public String blame(String problem) {
      String folder = folder().toString();
      return ModelCache.blame(
          version, problem.replace(folder + "/", "").replace(folder, "the model"));
    }

    @Override
    public void close() {
      synchronized (ModelCache.this) {
        if (open) {
          open = false;
          release(version);
        }
      }
    }
  }

  /** Brings a version to the disk where it is missing, and holds it there. */
  public Held open(Sha256 version) {
    synchronized (this) {
      hold(version);
    }
    try {
      Path folder = versions.resolve(version.hex());
      if (!Files.isDirectory(folder)) {
        install(version, folder);
      }
      Files.setLastModifiedTime(folder, FileTime.from(Instant.now()));
      return new Held(version);
    } catch (IOException e) {
      drop(version);
      throw Attempts.local(versions, e);
    } catch (RuntimeException | Error e) {
      drop(version);
      throw e;
    }
  }

  private synchronized void drop(Sha256 version) {
    release(version);
  }

  private void install(Sha256 version, Path folder) throws IOException {
    Manifest manifest = files.manifest(version);
    evict(manifest.size());
    Path partial = Files.createTempDirectory(versions, ".partial-");
    try {
      for (Manifest.Entry file : manifest.files()) {
        Path target = partial.resolve(file.path());
        Files.createDirectories(target.getParent());
        verified(version, file, target);
      }
      try {
        Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        // Another thread or process was first, with the same content by construction.
        if (!Files.isDirectory(folder)) {
          throw e;
        }
      }
    } finally {
      if (Files.exists(partial)) {
        deleteTree(partial);
      }
    }
  }

  private void verified(Sha256 version, Manifest.Entry file, Path target) throws IOException {
    try {
      link(file, target);
    } catch (DarkroomException e) {
      if (e.code() == ErrorCode.CORRUPT_OBJECT) {
        throw new DarkroomException(
            e.code(), blame(version, file.path() + ": " + e.getMessage()), e);
      }
      throw e;
    }
  }

  private static String blame(Sha256 version, String problem) {
    return "model version %s: %s".formatted(version, problem);
  }

  private void link(Manifest.Entry file, Path target) throws IOException {
    Path blob = blobs.resolve(file.sha256().hex());
    for (int attempt = 0; ; attempt++) {
      if (!Files.exists(blob)) {
        files.download(file, blob);
      }
      try {
        Files.createLink(target, blob);
        return;
      } catch (NoSuchFileException e) {
        // Evicted by another process between the two lines.
        if (attempt >= 3) {
          throw e;
        }
      } catch (FileAlreadyExistsException e) {
        return;
      }
    }
  }

  /** Removes versions that nobody uses, oldest use first, until {@code incoming} bytes fit. */
  private synchronized void evict(long incoming) throws IOException {
    List<Path> oldest;
    try (Stream<Path> found = Files.list(versions)) {
      oldest =
          found
              .filter(folder -> Sha256.isValid(folder.getFileName().toString()))
              .sorted(Comparator.comparing(ModelCache::usedAt))
              .toList();
    }
    long bytes = sweepBlobs();
    for (Path folder : oldest) {
      if (bytes + incoming <= maxBytes) {
        return;
      }
      if (remove(folder)) {
        bytes = sweepBlobs();
      }
    }
  }

  private static FileTime usedAt(Path folder) {
    try {
      return Files.getLastModifiedTime(folder);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  /** Whether the version was in nobody's use, and is gone. */
  private boolean remove(Path folder) throws IOException {
    Sha256 version = new Sha256(folder.getFileName().toString());
    if (uses.containsKey(version)) {
      return false;
    }
    try (FileChannel channel = lockFile(version)) {
      FileLock exclusive = channel.tryLock();
      if (exclusive == null) {
        return false;
      }
      // Gone at once for whoever looks, then file by file.
      Path gone = versions.resolve(".removed-" + version + "-" + System.nanoTime());
      Files.move(folder, gone, StandardCopyOption.ATOMIC_MOVE);
      deleteTree(gone);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Deletes the blobs that no version links to, and answers the bytes of the others. */
  private long sweepBlobs() throws IOException {
    long bytes = 0;
    List<Path> found;
    try (Stream<Path> list = Files.list(blobs)) {
      found = list.toList();
    }
    Instant stale = Instant.now().minusSeconds(3600);
    for (Path blob : found) {
      try {
        boolean whole = Sha256.isValid(blob.getFileName().toString());
        boolean linked = whole && (int) Files.getAttribute(blob, "unix:nlink") > 1;
        boolean fresh = Files.getLastModifiedTime(blob).toInstant().isAfter(stale);
        if (linked || fresh && !isAbandoned(blob)) {
          bytes += Files.size(blob);
        } else {
          Files.deleteIfExists(blob);
        }
      } catch (NoSuchFileException e) {
        // Another process swept it first.
        continue;
      }
    }
    return bytes;
  }

  /** A whole blob without a link belongs to nobody unless someone installs a version right now. */
  private boolean isAbandoned(Path blob) throws IOException {
    if (!Sha256.isValid(blob.getFileName().toString())) {
      return false;
    }
    try (Stream<Path> found = Files.list(versions)) {
      return found.noneMatch(folder -> folder.getFileName().toString().startsWith(".partial-"));
    }
  }

  private void hold(Sha256 version) {
    Use use = uses.get(version);
    if (use == null) {
      try {
        FileChannel channel = lockFile(version);
        use = new Use(channel, channel.lock(0, Long.MAX_VALUE, true));
      } catch (IOException e) {
        throw Attempts.local(locks, e);
      }
      uses.put(version, use);
    }
    use.holders++;
  }

  private void release(Sha256 version) {
    Use use = uses.get(version);
    if (use == null || --use.holders > 0) {
      return;
    }
    uses.remove(version);
    try (FileChannel channel = use.channel) {
      use.lock.release();
    } catch (IOException e) {
      throw Attempts.local(locks, e);
    }
  }

  private FileChannel lockFile(Sha256 version) throws IOException {
    return FileChannel.open(
        locks.resolve(version.hex()),
        StandardOpenOption.CREATE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  private static void deleteTree(Path folder) throws IOException {
    List<Path> paths = new ArrayList<>();
    try (Stream<Path> found = Files.walk(folder)) {
      found.forEach(paths::add);
    }
    for (Path path : paths.reversed()) {
      Files.deleteIfExists(path);
    }
  }
}
