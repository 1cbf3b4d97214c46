package dev.darkroom.cli.generate;

import dev.darkroom.cli.console.Console;
import dev.darkroom.diffusion.pipeline.Progress;
import java.util.ArrayList;
import java.util.List;

/** Measures a run while it goes on, and tells a person where it is. */
final class StepTimes implements Progress {
  private final Console console;
  private final List<Double> steps = new ArrayList<>();
  private final List<Double> decodes = new ArrayList<>();
  private long last = System.nanoTime();
  private double encode;

  StepTimes(Console console) {
    this.console = console;
  }

  @Override
  public void encoded() {
    encode = lap();
  }

  @Override
  public void stepped(int step, int of) {
    steps.add(lap());
    console.progress("step %d of %d".formatted(step, of));
  }

  @Override
  public void decoded(int image) {
    decodes.add(lap());
  }

  double encodeSeconds() {
    return encode;
  }

  double decodeSeconds(int image) {
    return decodes.get(image);
  }

  /** The median over the steps, the first left out: it pays for what is made once. */
  double secondsPerStep() {
    List<Double> counted =
        steps.subList(steps.size() > 1 ? 1 : 0, steps.size()).stream().sorted().toList();
    int middle = counted.size() / 2;
    return counted.size() % 2 == 1
        ? counted.get(middle)
        : (counted.get(middle - 1) + counted.get(middle)) / 2;
  }

  private double lap() {
    long now = System.nanoTime();
    double seconds = (now - last) / 1e9;
    last = now;
    return seconds;
  }
}
