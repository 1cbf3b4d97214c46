package dev.darkroom.cli.train;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.OutputFile;
import dev.darkroom.trainer.loop.TrainingListener;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;

/** A JSON line a report, a PNG a sample grid. */
record PrintedProgress(Console console, Path samples) implements TrainingListener {
  @Override
  public void progress(int step, int steps, Map<String, Double> metrics) {
    ObjectNode line = JsonNodeFactory.instance.objectNode().put("step", step).put("steps", steps);
    metrics.forEach(line::put);
    console.result(line);
  }

  @Override
  public void samples(int step, BufferedImage grid) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(grid, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    Path file = samples.resolve("step-%08d.png".formatted(step));
    OutputFile.write(file, png.toByteArray());
    console.progress("samples of step %d: %s".formatted(step, file));
  }

  @Override
  public void checkpointed(int step) {
    console.progress("checkpoint of step " + step);
  }
}
