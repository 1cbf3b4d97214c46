package dev.darkroom.cli.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.ModelPath;
import dev.darkroom.cli.console.SingleFileOptions;
import dev.darkroom.cli.console.StoredType;
import dev.darkroom.cli.console.UnfinishedOutput;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.singlefile.DiffusersFolder;
import dev.darkroom.diffusion.singlefile.SingleFile;
import dev.darkroom.diffusion.singlefile.SingleFileWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The same model in another form. It appears whole under its name, or not at all. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "A model in another form: a single file as a diffusers folder or the other way round, or"
            + " either with its weights in another type. Averages, optimizer states and schedules"
            + " of a single file are left out.")
public final class ConvertCommand implements Callable<Integer> {
  private static final String WEIGHTS = ".safetensors";

  private final Console console;

  @Parameters(
      paramLabel = "MODEL",
      description = "a diffusers folder, or a single file (.safetensors, .ckpt, .pth)")
  private Path model = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "a folder, or a file that ends in .safetensors; not there yet")
  private Path out = Path.of("");

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float32, float16 or bfloat16; default: each tensor keeps its own")
  private @Nullable String dtype;

  @Option(
      names = "--ema",
      description = "take the moving average of a single file's U-Net, not its plain weights")
  private boolean averaged;

  @Mixin private SingleFileOptions options = new SingleFileOptions();

  public ConvertCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    TensorType type = dtype == null ? null : StoredType.parse(dtype);
    Path source = ModelPath.any(model);
    if (Files.exists(out)) {
      throw taken();
    }
    Path target = out.toAbsolutePath().normalize();
    Path above = Objects.requireNonNull(target.getParent(), "what is not there is no root");
    List<Path> made = missing(above);
    try (UnfinishedOutput part = UnfinishedOutput.of(target)) {
      Files.createDirectories(above);
      convert(source, part.path(), target.toString().endsWith(WEIGHTS), type);
      Files.move(part.path(), target);
    } catch (IOException e) {
      if (Files.exists(target)) {
        throw taken(); // by another command, while this one was at work
      }
      throw DiffusionException.badInput(
          "%s: cannot be converted to %s: %s".formatted(source, out, e.getMessage()));
    } finally {
      if (!Files.exists(target)) {
        made.forEach(ConvertCommand::deleteIfEmpty);
      }
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode().put("model", out.toString());
    if (dtype != null) {
      result.put("dtype", dtype);
    }
    console.result(result);
    return 0;
  }

  private DiffusionException taken() {
    return DiffusionException.badInput(
        "--out: expected a place where nothing is yet, found %s".formatted(out));
  }

  private void convert(Path source, Path target, boolean toFile, @Nullable TensorType type)
      throws IOException {
    if (!Files.isDirectory(source)) {
      try (SingleFile file = SingleFile.open(source, options.reading(averaged))) {
        if (toFile) {
          file.requireWhole();
          SafetensorsWriter.copy(target, file.pruned(averaged), type, file.notes());
        } else {
          DiffusersFolder.write(file, target, type);
        }
      }
    } else if (toFile) {
      SingleFileWriter.write(source, target, options.family(), type);
    } else {
      copy(source, target, type);
    }
  }

  private static void copy(Path source, Path target, @Nullable TensorType type) throws IOException {
    if (!Files.isRegularFile(source.resolve("config.json"))) {
      ModelIndex.read(source);
    }
    List<Path> files;
    try (Stream<Path> found = Files.walk(source)) {
      files = found.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      Path copy = target.resolve(source.relativize(file).toString());
      Files.createDirectories(copy.getParent());
      if (file.toString().endsWith(WEIGHTS)) {
        try (SafetensorsFile weights = SafetensorsFile.open(file)) {
          SafetensorsWriter.copy(copy, weights.tensors(), type, weights.metadata());
        }
      } else {
        Files.copy(file, copy);
      }
    }
  }

  /** The folders that are not there, the deepest first. */
  private static List<Path> missing(Path folder) {
    List<Path> missing = new ArrayList<>();
    for (Path above = folder; above != null && !Files.exists(above); above = above.getParent()) {
      missing.add(above);
    }
    return missing;
  }

  private static void deleteIfEmpty(Path folder) {
    try (Stream<Path> inside = Files.exists(folder) ? Files.list(folder) : Stream.of(folder)) {
      if (inside.findAny().isEmpty()) {
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw DiffusionException.internal("cannot remove " + folder + ": " + e.getMessage(), e);
    }
  }
}
