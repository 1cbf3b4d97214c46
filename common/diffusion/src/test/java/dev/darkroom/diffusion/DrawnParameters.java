package dev.darkroom.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Initialisation;
import dev.darkroom.diffusion.nn.ParameterSource;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * The parameters of make_goldens.py: each from its own stream, seeded by its key; nothing is left
 * at zero or one.
 */
public final class DrawnParameters implements ParameterSource {
  private static final Pattern INTO_RESIDUAL =
      Pattern.compile(
          "(^|\\.)(conv_in|conv2|conv_shortcut|to_out\\.0|ff\\.net\\.2|proj_out|downsamplers\\.0\\.conv|upsamplers\\.0\\.conv"
              + "|post_quant_conv|token_embedding|position_embedding|out_proj|fc2|shared|SelfAttention\\.o|wo)\\.");

  private static final String DRAW =
      """
      def draw(self, shape: List[int], seed: int, scale: float, shift: float) -> Tensor:
        generator = torch.Generator(device=torch.device("cpu"), seed=seed)
        return (torch.rand(shape, generator=generator) * 2 - 1) * scale + shift
      """;

  private final NDManager manager;
  private final Program program;

  public DrawnParameters(NDManager manager) {
    this.manager = manager;
    this.program = Program.compile(manager, DRAW);
  }

  @Override
  public NDManager manager() {
    return manager;
  }

  @Override
  public boolean holds(String key) {
    return true;
  }

  @Override
  public NDArray take(String key, Shape shape, Initialisation initialisation) {
    CRC32 crc = new CRC32();
    crc.update(key.getBytes(StandardCharsets.UTF_8));
    String[] path = key.split("\\.");
    double scale;
    double shift = 0;
    if (shape.dimension() == 1
        && path.length > 1
        && path[path.length - 2].toLowerCase().contains("norm")) {
      scale = 0.3;
      shift = key.endsWith("weight") ? 1 : 0;
    } else {
      double spread =
          switch (shape.dimension()) {
            case 0 -> Math.sqrt(3);
            case 1 -> 0.1;
            default -> Math.sqrt(3.0 / (shape.size() / shape.get(0)));
          };
      scale = INTO_RESIDUAL.matcher(key).find() ? 0.02 * spread : spread;
    }
    long[] drawn = shape.dimension() == 0 ? new long[] {1} : shape.getShape();
    return Scope.release(
        program
            .call("draw")
            .integers(drawn)
            .integer(crc.getValue())
            .real(scale)
            .real(shift)
            .runOnCpu(manager)
            .reshape(shape));
  }
}
