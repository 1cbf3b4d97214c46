package dev.darkroom.local.supervisor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The folder that holds everything a system keeps, and says which launcher has it.
 *
 * <p>The lock is the operating system's: it goes with the process that holds it, however that ends.
 */
public record DataFolder(Path root) {

  /** Proof that no other launcher works on the folder, until it is closed. */
  public static final class Lock implements AutoCloseable {
    private final DataFolder folder;
    private final FileChannel channel;

    private Lock(DataFolder folder, FileChannel channel) {
      this.folder = folder;
      this.channel = channel;
    }

    DataFolder folder() {
      return folder;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  Path kafka() {
    return root.resolve("kafka");
  }

  Path postgres() {
    return root.resolve("postgres");
  }

  Path s3() {
    return root.resolve("s3");
  }

  Path cache() {
    return root.resolve("cache");
  }

  public Path logs() {
    return root.resolve("logs");
  }

  public Path runFile() {
    return root.resolve("run.json");
  }

  Path settingsFile() {
    return root.resolve("settings.json");
  }

  private Path lockFile() {
    return root.resolve("lock");
  }

  /**
   * Makes the folder where it is missing, readable by its owner only, and takes its lock.
   *
   * @throws SupervisorException when another launcher holds it
   */
  public Lock lock() throws IOException {
    createPrivate();
    @Nullable Lock lock = tryLock();
    if (lock == null) {
      throw new SupervisorException(
          "Darkroom is already up on %s (process %s); ./darkroom status shows it, ./darkroom down stops it"
              .formatted(root, holder().map(String::valueOf).orElse("unknown")));
    }
    return lock;
  }

  /** The process that holds the folder, if one does. */
  public Optional<Long> runningLauncher() throws IOException {
    if (!Files.exists(lockFile())) {
      return Optional.empty();
    }
    try (Lock free = tryLock()) {
      return free == null ? holder() : Optional.empty();
    }
  }

  private void createPrivate() throws IOException {
    if (!Files.isDirectory(root)) {
      Files.createDirectories(root);
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
    }
    Files.createDirectories(logs());
  }

  private @Nullable Lock tryLock() throws IOException {
    var channel =
        FileChannel.open(
            lockFile(),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    @Nullable FileLock held;
    try {
      held = channel.tryLock(Long.MAX_VALUE - 1, 1, false);
    } catch (OverlappingFileLockException e) {
      held = null;
    }
    if (held == null) {
      channel.close();
      return null;
    }
    // The text is for people and for `down`; the lock lies beyond it, so that it can be read while
    // held.
    var pid = StandardCharsets.UTF_8.encode(Long.toString(ProcessHandle.current().pid()));
    channel.truncate(0);
    channel.write(pid, 0);
    return new Lock(this, channel);
  }

  private Optional<Long> holder() throws IOException {
    String text = Files.readString(lockFile()).strip();
    return text.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(text));
  }

  /**
   * Replaces a file in one step, readable by its owner only: secrets are never in a file that
   * others can read.
   */
  static void writePrivately(Path file, String text) throws IOException {
    var ownerOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    Path fresh =
        Files.createTempFile(
            file.toAbsolutePath().getParent(), "." + file.getFileName(), "", ownerOnly);
    try (var channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
