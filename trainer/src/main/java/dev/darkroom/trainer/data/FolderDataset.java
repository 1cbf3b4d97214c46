package dev.darkroom.trainer.data;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A folder of pictures, captioned by {@code metadata.jsonl}. Every picture was decoded once before
 * this exists, so a broken one fails the training before its first step and not a night later.
 * Pictures are cropped in the middle to the training shape, resized by area, and composed on white
 * where they are transparent.
 */
public final class FolderDataset implements Dataset {
  /** Smallest side of a picture: anything less is a tracking pixel, not an example. */
  static final int MIN_SIDE = 8;

  private static final Set<String> EXTENSIONS = Set.of("png", "jpg", "jpeg", "webp");

  private final Path folder;
  private final List<Metadata.Line> lines;
  private final int side;
  private final String fingerprint;

  private FolderDataset(Path folder, List<Metadata.Line> lines, int side, String fingerprint) {
    this.folder = folder;
    this.lines = lines;
    this.side = side;
    this.fingerprint = fingerprint;
  }

  /**
   * Opens a folder and checks all of it.
   *
   * @param side of the square training pictures, in pixels
   * @throws DarkroomException {@link ErrorCode#INVALID_DATASET}, naming the first broken file
   */
  public static FolderDataset open(Path folder, int side, Captions captions) {
    Path root = rootOf(folder);
    List<Metadata.Line> lines = lines(root, captions);
    if (lines.isEmpty()) {
      throw invalid("the dataset: expected at least one PNG, JPEG or WebP picture, got none");
    }
    MessageDigest digest = sha256();
    digest.update(("folder 1 " + side).getBytes(StandardCharsets.UTF_8));
    for (Metadata.Line line : lines) {
      if (captions == Captions.REQUIRED && line.text().isBlank()) {
        throw invalid(
            "%s: expected \"text\" in its line of %s; this recipe learns from words"
                .formatted(line.fileName(), Metadata.FILE));
      }
      byte[] bytes = bytes(root, line.fileName());
      Picture picture = PictureReader.read(line.fileName(), bytes);
      if (Math.min(picture.width(), picture.height()) < MIN_SIDE) {
        throw invalid(
            "%s: expected sides of at least %d pixels, got %d x %d"
                .formatted(line.fileName(), MIN_SIDE, picture.width(), picture.height()));
      }
      digest.update(
          (line.fileName() + "\n" + line.text() + "\n" + line.label() + "\n")
              .getBytes(StandardCharsets.UTF_8));
      digest.update(sha256().digest(bytes));
    }
    return new FolderDataset(root, lines, side, HexFormat.of().formatHex(digest.digest()));
  }

  /** The folder itself, or its only folder: archives are often made of one. */
  private static Path rootOf(Path folder) {
    if (Files.exists(folder.resolve(Metadata.FILE))) {
      return folder;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> visible =
          entries
              .filter(entry -> !name(entry).startsWith(".") && !name(entry).equals("__MACOSX"))
              .toList();
      return visible.size() == 1 && Files.isDirectory(visible.getFirst())
          ? visible.getFirst()
          : folder;
    } catch (IOException e) {
      throw DiskErrors.reading(folder, e);
    }
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static List<Metadata.Line> lines(Path root, Captions captions) {
    Path metadata = root.resolve(Metadata.FILE);
    if (Files.isRegularFile(metadata)) {
      return Metadata.read(metadata).lines();
    }
    if (captions == Captions.REQUIRED) {
      throw invalid(
          "the dataset: expected %s with a line {\"file_name\": ..., \"text\": ...} for each picture, got none"
              .formatted(Metadata.FILE));
    }
    List<Metadata.Line> lines = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      files
          .filter(file -> Files.isRegularFile(file) && isPicture(file))
          .map(file -> root.relativize(file).toString().replace('\\', '/'))
          .sorted()
          .forEach(file -> lines.add(new Metadata.Line(file, "", OptionalInt.empty())));
    } catch (IOException e) {
      throw DiskErrors.reading(root, e);
    }
    return List.copyOf(lines);
  }

  private static boolean isPicture(Path file) {
    String name = name(file).toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1));
  }

  /** Reads a file that metadata names: only from inside the folder, whatever the name says. */
  private static byte[] bytes(Path root, String fileName) {
    Path file;
    try {
      file = root.resolve(fileName).normalize();
    } catch (InvalidPathException e) {
      throw PictureReader.invalid(fileName, "is not a file name", e);
    }
    if (!file.startsWith(root) || !Files.isRegularFile(file)) {
      throw invalid(
          "%s: %s names it, but the dataset holds no such file".formatted(fileName, Metadata.FILE));
    }
    try {
      if (!file.toRealPath().startsWith(root.toRealPath())) {
        throw invalid(
            "%s: expected a file inside the dataset, got a link out of it".formatted(fileName));
      }
      if (Files.size(file) > PictureReader.MAX_BYTES) {
        throw invalid(
            "%s: expected at most %d bytes, got %d"
                .formatted(fileName, PictureReader.MAX_BYTES, Files.size(file)));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw DiskErrors.reading(file, e);
    }
  }

  @Override
  public int size() {
    return lines.size();
  }

  @Override
  public int width() {
    return side;
  }

  @Override
  public int height() {
    return side;
  }

  @Override
  public int variants() {
    return 1;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public Sample draw(int index, long seed, long step) {
    Metadata.Line line = lines.get(index);
    return new Sample(index, 0, line.text(), line.label());
  }

  @Override
  public Picture picture(int index, int variant) {
    String fileName = lines.get(index).fileName();
    return PictureReader.read(fileName, bytes(folder, fileName))
        .cropToShape(side, side)
        .resize(side, side)
        .over(255, 255, 255);
  }

  @Override
  public String name(int index) {
    return lines.get(index).fileName();
  }

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_DATASET, message);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
