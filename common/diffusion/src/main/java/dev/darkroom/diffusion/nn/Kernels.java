package dev.darkroom.diffusion.nn;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.kernels.Program;
import java.util.Map;
import java.util.regex.Pattern;

/** The program behind the blocks: one text of blocks over one of the ways to run a layer. */
final class Kernels {
  private static final String NORM = "Tuple[Tensor, Tensor, int, float]";

  private static final Pattern WORD = Pattern.compile("[A-Za-z_]\\w*");

  /** By adapter: the rows it acts on, and how strongly it does on each. */
  private static final String STRENGTHS = "Dict[int, Tuple[Tensor, Tensor]]";

  /** By adapter: the factors of its change to a layer, their scale, and norms for DoRA. */
  private static final String CHANGES = "Dict[int, Tuple[List[Tensor], float, List[Tensor]]]";

  /** Layers on PyTorch's own operators; compiled when the first model asks for it. */
  private static final class Plain {
    static final Program PROGRAM = over("Tensor", "plain.py", "float32.py");
  }

  /** The same with products of bfloat16; compiled when the first model asks for it. */
  private static final class Mixed {
    static final Program PROGRAM = over("Tensor", "plain.py", "bfloat16.py");
  }

  /** Layers on oneDNN with weights packed once; compiled when the first model asks for it. */
  private static final class Packed {
    static final Program PROGRAM =
        over("Tuple[Dict[int, Tensor], List[Tensor], int]", "packed.py", "doubling.py");
  }

  /** Layers of 16 bits on PyTorch's own operators; compiled when the first model asks for them. */
  private static final class Half {
    static final Program FLOAT16 = half(5);
    static final Program BFLOAT16 = half(15);

    private static Program half(int torchCode) {
      return Program.shared(
          named(text("Tensor", "plain.py", "half.py"), Map.of("HALF", "" + torchCode)));
    }
  }

  private Kernels() {}

  static Program of(Execution execution, Device device) {
    Program program = compiledFor(execution, device);
    return execution.trains() ? program : program.forInference();
  }

  private static Program compiledFor(Execution execution, Device device) {
    return switch (execution) {
      case TRAINING -> Plain.PROGRAM;
      case TRAINING_BFLOAT16 -> mixed(device);
      case INFERENCE -> packs(device) ? Packed.PROGRAM : Plain.PROGRAM;
      case INFERENCE_FLOAT16 -> float16(device);
      case INFERENCE_BFLOAT16 ->
          device.isGpu()
              ? Half.BFLOAT16
              : packed(device, Processor.here().computesBfloat16(), "bfloat16", "AVX-512");
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

  private static Program float16(Device device) {
    if (!device.isGpu()) {
      throw DiffusionException.badInput(
          "precision: expected float32 or bfloat16 on this device, got float16, which needs a GPU");
    }
    return Half.FLOAT16;
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
    return !execution.trains() && packs(device);
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
    return Program.shared(text(weight, layers));
  }

  private static String text(String weight, String... sources) {
    String layer =
        "Tuple[%s, List[Tensor], int, int, %s, %s]".formatted(weight, CHANGES, STRENGTHS);
    String text =
        Program.source(Kernels.class, sources)
            + Program.source(
                Kernels.class,
                "adapters.py",
                "blocks.py",
                "added_kv.py",
                "k_diffusion.py",
                "gligen.py",
                "text.py");
    String norms = "List[%s]".formatted(NORM);
    String layers = "List[%s]".formatted(layer);
    String resnet = "Tuple[%s, %s, bool, bool, float, str, bool]".formatted(norms, layers);
    String block = "Tuple[str, %s, %s, List[Tensor]]".formatted(norms, layers);
    String transformer =
        "Tuple[%s, %s, List[%s], %s, int, bool, bool]".formatted(NORM, layer, block, layer);
    return named(
        text,
        Map.of(
            "Layer", layer,
            "Norm", NORM,
            "Resnet", resnet,
            "Block", block,
            "Transformer", transformer,
            "Stage", "Tuple[List[%s], List[%s], %s, bool]".formatted(resnet, transformer, layers),
            "Changes", CHANGES,
            "Strengths", STRENGTHS));
  }

  /** The text with something else for some of its words. */
  private static String named(String text, Map<String, String> words) {
    return WORD.matcher(text).replaceAll(word -> words.getOrDefault(word.group(), word.group()));
  }
}
