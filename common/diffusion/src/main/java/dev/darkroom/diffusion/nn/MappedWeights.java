package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.kernels.MappedPages;
import java.util.ArrayList;
import java.util.List;

/** Weights of a model that are a file's own bytes and that nobody writes to. */
final class MappedWeights {
  private final List<MappedPages> pages = new ArrayList<>();

  /** Only while the model is built, which keeps the weight mapped for as long as it lives. */
  void add(NDArray weight) {
    // What is larger stays in memory.
    if (weight.size() <= Integer.MAX_VALUE / Float.BYTES) {
      pages.add(MappedPages.of(weight));
    }
  }

  /** Takes them out of memory until they are read again, which others may do meanwhile. */
  void giveBack() {
    pages.forEach(MappedPages::giveBack);
  }
}
