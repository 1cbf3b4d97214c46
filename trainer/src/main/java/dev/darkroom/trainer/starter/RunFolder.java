package dev.darkroom.trainer.starter;

import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.loop.FolderCheckpoints;
import dev.darkroom.trainer.loop.StopSignal;
import dev.darkroom.trainer.loop.Surroundings;
import dev.darkroom.trainer.loop.TrainingListener;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/** Where one training stage keeps its checkpoints, its log and its grids. */
record RunFolder(Path root, Consumer<String> log) implements TrainingListener {

  FolderCheckpoints checkpoints() {
    return new FolderCheckpoints(root.resolve("checkpoints"));
  }

  Surroundings surroundings(StopSignal stop) {
    return new Surroundings(checkpoints(), this, stop);
  }

  @Override
  public void progress(int step, int steps, Map<String, Double> metrics) {
    StringBuilder line =
        new StringBuilder("%s step %d/%d".formatted(root.getFileName(), step, steps));
    metrics.forEach(
        (name, value) -> line.append(String.format(Locale.ROOT, " %s %.5g", name, value)));
    log.accept(line.toString());
    try {
      Files.writeString(
          root.resolve("log.txt"),
          line + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw DiskErrors.writing(root.resolve("log.txt"), e);
    }
  }

  @Override
  public void samples(int step, BufferedImage grid) {
    Path file = root.resolve("grid-%07d.png".formatted(step));
    try {
      ImageIO.write(grid, "png", file.toFile());
    } catch (IOException e) {
      throw DiskErrors.writing(file, e);
    }
    log.accept("%s step %d: see %s".formatted(root.getFileName(), step, file));
  }

  @Override
  public void checkpointed(int step) {
    log.accept("%s step %d: checkpoint".formatted(root.getFileName(), step));
  }
}
