package dev.darkroom.diffusion.checkpoint;

import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A file of weights, open for reading. Its tensors read through it, so it closes after them. */
public final class WeightsFile implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private final long size;
  private final Identity identity;

  private WeightsFile(Path path, FileChannel channel, long size, Identity identity) {
    this.path = path;
    this.channel = channel;
    this.size = size;
    this.identity = identity;
  }

  /** Which file it is, whatever its name. */
  private record Identity(@Nullable Object key, long size, FileTime modified) {
    static Identity of(Path path) throws IOException {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      return new Identity(now.fileKey(), now.size(), now.lastModifiedTime());
    }
  }

  /**
   * @throws DiffusionException if there is no such file, or it cannot be read
   */
  public static WeightsFile open(Path path) {
    if (Files.isDirectory(path)) {
      throw DiffusionException.badCheckpoint(path + ": expected a file, got a folder");
    }
    try {
      Identity identity = Identity.of(path);
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        return new WeightsFile(path, channel, channel.size(), identity);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw DiffusionException.badCheckpoint(path + ": no such file", e);
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  public Path path() {
    return path;
  }

  /** In bytes, when it was opened. */
  public long size() {
    return size;
  }

  /** Whether its path still names this file, as it was: another may have taken its place. */
  boolean isStillAtItsPath() {
    try {
      return Identity.of(path).equals(identity);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * A copy of some bytes, little-endian; fewer than {@code count} where the file ends before.
   *
   * @throws DiffusionException if they cannot be read
   */
  public ByteBuffer bytes(long position, int count) {
    int there = (int) Math.max(0, Math.min(count, size - position));
    ByteBuffer buffer = ByteBuffer.allocate(there).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {}
    } catch (IOException e) {
      throw unreadable(e);
    }
    return buffer.flip();
  }

  /** The bytes themselves, mapped for the life of {@code arena}. */
  MemorySegment map(long position, long count, Arena arena) {
    Objects.checkFromIndexSize(position, count, size);
    try {
      return channel.map(MapMode.READ_ONLY, position, count, arena);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** What the file looks like instead of a checkpoint, for the errors people really make. */
  public String guess() {
    String start = StandardCharsets.ISO_8859_1.decode(bytes(0, 64)).toString();
    if (start.startsWith("version https://git-lfs")) {
      return ": it is a git-lfs pointer; fetch the real file with git lfs pull";
    }
    if (start.stripLeading().startsWith("<")) {
      return ": it is a web page; download the file itself";
    }
    if (start.stripLeading().startsWith("{")) {
      return ": it is JSON text; download the weights themselves";
    }
    return "";
  }

  private DiffusionException unreadable(IOException e) {
    return DiffusionException.badCheckpoint(path + ": cannot be read: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("closing a file that was only read", e);
    }
  }
}
