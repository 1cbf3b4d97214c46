package dev.darkroom.bench;

import java.util.List;

/** One benchmark: a name on the command line, and what it measures. */
public interface Benchmark {
  /** The word after {@code ./darkroom bench}. */
  String name();

  /** One line: what is measured, against what, and the bar. */
  String summary();

  /**
   * Runs to the end and prints its results as JSON lines on standard output.
   *
   * @param arguments what followed the name
   */
  void run(List<String> arguments) throws Exception;

  /** The number at {@code index} of the arguments, or what stands for it where there are fewer. */
  static int argument(List<String> arguments, int index, int otherwise) {
    return index < arguments.size() ? Integer.parseInt(arguments.get(index)) : otherwise;
  }
}
