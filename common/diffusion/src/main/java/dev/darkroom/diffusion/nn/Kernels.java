package dev.darkroom.diffusion.nn;

import ai.djl.Device;
import dev.darkroom.diffusion.kernels.Program;

/** The program behind the blocks: one text of blocks over one of the ways to run a layer. */
final class Kernels {
  private static final String NORM = "Tuple[Tensor, Tensor, int, float]";

  /** By adapter: the rows it acts on, and how strongly it does on each. */
  private static final String STRENGTHS = "Dict[int, Tuple[Tensor, Tensor]]";

  /** By adapter: the factors of its change to a layer, and their scale. */
  private static final String CHANGES = "Dict[int, Tuple[List[Tensor], float]]";

  /** Layers on PyTorch's own operators. */
  private static final Program PLAIN = over("plain.py", "Tensor");

  /** Layers on oneDNN with weights packed once; compiled when the first model asks for it. */
  private static final class Packed {
    static final Program PROGRAM = over("packed.py", "Dict[int, Tensor]");
  }

  private Kernels() {}

  static Program of(Execution execution, Device device) {
    return switch (execution) {
      case TRAINING -> PLAIN;
      case INFERENCE -> packs(device) ? Packed.PROGRAM : PLAIN;
    };
  }

  /** Whether the layers of {@code program} keep packed weights by size. */
  static boolean packs(Program program) {
    return program != PLAIN;
  }

  /** oneDNN is PyTorch's engine for x86 processors. */
  private static boolean packs(Device device) {
    return !device.isGpu() && System.getProperty("os.arch").equals("amd64");
  }

  /**
   * @param layers the source of {@code conv}, {@code linear} and what they need
   * @param weight the type of a layer's weight; with it go biases, stride, padding, and adapters
   */
  private static Program over(String layers, String weight) {
    String text = Program.source(Kernels.class, layers, "adapters.py", "blocks.py", "text.py");
    return Program.shared(
        text.replaceAll(
                "\\bLayer\\b", "Tuple[" + weight + ", List[Tensor], int, int, Changes, Strengths]")
            .replaceAll("\\bChanges\\b", CHANGES)
            .replaceAll("\\bStrengths\\b", STRENGTHS)
            .replaceAll("\\bNorm\\b", NORM));
  }
}
