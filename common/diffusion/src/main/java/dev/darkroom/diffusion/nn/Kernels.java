package dev.darkroom.diffusion.nn;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.kernels.Program;

/** The program behind the blocks: one text of blocks over one of the ways to run a layer. */
final class Kernels {
  private static final String NORM = "Tuple[Tensor, Tensor, int, float]";

  /** By adapter: the rows it acts on, and how strongly it does on each. */
  private static final String STRENGTHS = "Dict[int, Tuple[Tensor, Tensor]]";

  /** By adapter: the factors of its change to a layer, their scale, and norms for DoRA. */
  private static final String CHANGES = "Dict[int, Tuple[List[Tensor], float, List[Tensor]]]";

  /** Layers on PyTorch's own operators. */
  private static final Program PLAIN = over("Tensor", "plain.py", "float32.py");

  /** The same with products of bfloat16; compiled when the first model asks for it. */
  private static final class Mixed {
    static final Program PROGRAM = over("Tensor", "plain.py", "bfloat16.py");
  }

  /** Layers on oneDNN with weights packed once; compiled when the first model asks for it. */
  private static final class Packed {
    static final Program PROGRAM = over("Tuple[Dict[int, Tensor], List[Tensor], int]", "packed.py");
  }

  private Kernels() {}

  static Program of(Execution execution, Device device) {
    return switch (execution) {
      case TRAINING -> PLAIN;
      case TRAINING_BFLOAT16 -> mixed(device);
      case INFERENCE -> packs(device) ? Packed.PROGRAM : PLAIN;
      case INFERENCE_BFLOAT16 ->
          packed(device, Processor.here().computesBfloat16(), "bfloat16", "AVX-512");
      case INFERENCE_INT8 -> packed(device, Processor.here().computesInt8(), "int8", "VNNI");
    };
  }

  private static Program mixed(Device device) {
    if (!device.isGpu() && !Processor.here().computesBfloat16()) {
      throw DiffusionException.badInput(
          "mixed precision: expected float32 on this device, got bfloat16, which needs an x86"
              + " processor with AVX-512");
    }
    return Mixed.PROGRAM;
  }

  private static Program packed(Device device, boolean computes, String type, String feature) {
    if (!packs(device) || !computes) {
      throw DiffusionException.badInput(
          "precision: expected float32 on this device, got %s, which needs an x86 processor with %s"
              .formatted(type, feature));
    }
    return Packed.PROGRAM;
  }

  /** Whether the layers of this execution keep packed weights by size. */
  static boolean packs(Execution execution, Device device) {
    return switch (execution) {
      case TRAINING, TRAINING_BFLOAT16 -> false;
      case INFERENCE, INFERENCE_BFLOAT16, INFERENCE_INT8 -> packs(device);
    };
  }

  /** oneDNN is PyTorch's engine for x86 processors. */
  private static boolean packs(Device device) {
    return !device.isGpu() && System.getProperty("os.arch").equals("amd64");
  }

  /**
   * @param weight the type of a layer's weight; with it go biases, stride, padding, and adapters
   * @param layers the source of {@code conv}, {@code linear} and what they need
   */
  private static Program over(String weight, String... layers) {
    String text =
        Program.source(Kernels.class, layers)
            + Program.source(Kernels.class, "adapters.py", "blocks.py", "text.py");
    return Program.shared(
        text.replaceAll(
                "\\bLayer\\b", "Tuple[" + weight + ", List[Tensor], int, int, Changes, Strengths]")
            .replaceAll("\\bChanges\\b", CHANGES)
            .replaceAll("\\bStrengths\\b", STRENGTHS)
            .replaceAll("\\bNorm\\b", NORM));
  }
}
