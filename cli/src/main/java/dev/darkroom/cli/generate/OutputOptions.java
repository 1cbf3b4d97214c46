package dev.darkroom.cli.generate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.OutputFile;
import dev.darkroom.cli.console.PeakMemory;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.ImageFormat;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.LatentShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How many pictures, and where they go. */
final class OutputOptions {
  private static final int MAX_IMAGES = 10_000;

  @Option(names = "--num-images", paramLabel = "N", description = "default ${DEFAULT-VALUE}")
  private int images = 1;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "images made together; default ${DEFAULT-VALUE}")
  private int batchSize = 1;

  @Option(
      names = "--save-latents",
      paramLabel = "FILE.npy",
      description = "the final latents, float32 [N,C,H/f,W/f]")
  private @Nullable Path saveLatents;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "a file (png, jpg, webp), or a folder for many")
  private Path out = Path.of("");

  int images() {
    return images;
  }

  int batchSize() {
    return batchSize;
  }

  /**
   * The file of each image: the one named, or numbered ones in a folder.
   *
   * @throws DiffusionException if one could not be written: after hours of work it is too late
   */
  List<Path> files() {
    List<Path> files = named();
    files.forEach(OutputFile::check);
    if (saveLatents != null) {
      OutputFile.check(saveLatents);
    }
    return files;
  }

  private List<Path> named() {
    if (images < 1 || images > MAX_IMAGES || batchSize < 1) {
      throw DiffusionException.badInput(
          "--num-images and --batch-size: expected 1 to %d, got %d and %d"
              .formatted(MAX_IMAGES, images, batchSize));
    }
    boolean folder = Files.isDirectory(out) || !out.getFileName().toString().contains(".");
    if (folder) {
      List<Path> files = new ArrayList<>();
      for (int i = 0; i < images; i++) {
        files.add(out.resolve("%04d.png".formatted(i)));
      }
      return files;
    }
    ImageFormat.parse(out.toString());
    if (images > 1) {
      throw DiffusionException.badInput(
          "--out: expected a folder for %d images, got the file name %s".formatted(images, out));
    }
    return List.of(out);
  }

  /**
   * Writes a picture, then says so: what is made is there, whatever becomes of those after it.
   *
   * @param line completed here
   */
  void write(Path file, RgbImage image, ObjectNode line, Console console) {
    byte[] bytes = ImageFormat.parse(file.toString()).encode(image);
    OutputFile.write(file, bytes);
    line.put("sha256", sha256(bytes));
    PeakMemory.bytes().ifPresent(peak -> line.put("peak_rss_bytes", peak));
    console.result(line);
  }

  boolean savesLatents() {
    return saveLatents != null;
  }

  /**
   * @param latents of all pictures, of one shape
   */
  void writeLatents(List<float[]> latents, LatentShape shape) {
    if (saveLatents == null) {
      throw new IllegalStateException("no file was named for the latents");
    }
    float[] all = new float[latents.size() * shape.size()];
    for (int i = 0; i < latents.size(); i++) {
      System.arraycopy(latents.get(i), 0, all, i * shape.size(), shape.size());
    }
    long[] sizes = {latents.size(), shape.channels(), shape.height(), shape.width()};
    OutputFile.write(saveLatents, new NumpyFile(sizes, all).toBytes());
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
