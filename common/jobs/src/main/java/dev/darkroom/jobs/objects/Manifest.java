package dev.darkroom.jobs.objects;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The files of a model version, sorted by path. The hash of its JSON text is the version's id, so
 * the same files are the same version, wherever they come from.
 */
public record Manifest(List<Entry> files) {
  /** Largest manifest read, in bytes. */
  public static final int MAX_BYTES = 4 << 20;

  private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}");

  /**
   * One file.
   *
   * @param path within the model's folder, with slashes
   */
  public record Entry(String path, long size, Sha256 sha256) {
    public Entry {
      for (String segment : path.split("/", -1)) {
        if (!SEGMENT.matcher(segment).matches()) {
          throw invalid(
              "model file: expected a relative path of plain names, got \"%s\"".formatted(path));
        }
      }
      if (size < 0) {
        throw invalid("model file %s: expected a size, got %d".formatted(path, size));
      }
    }
  }

  public Manifest {
    files = files.stream().sorted(Comparator.comparing(Entry::path)).toList();
    Set<String> paths = new HashSet<>();
    for (Entry file : files) {
      if (!paths.add(file.path())) {
        throw invalid("model: expected each file once, got %s twice".formatted(file.path()));
      }
    }
    if (files.isEmpty()) {
      throw invalid("model: expected files, got none");
    }
  }

  /** Its canonical text, whose hash is the id. */
  public byte[] bytes() {
    return Json.write(this).getBytes(StandardCharsets.UTF_8);
  }

  /** The version's id. */
  public Sha256 id() {
    return Sha256.of(bytes());
  }

  /** Bytes of all files. */
  public long size() {
    return files.stream().mapToLong(Entry::size).sum();
  }

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }
}
