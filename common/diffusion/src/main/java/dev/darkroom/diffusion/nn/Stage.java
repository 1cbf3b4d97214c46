package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Call;
import dev.darkroom.diffusion.kernels.Program;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The layers of one level of a U-Net as one value of the kernels: a whole level is one call, for
 * each call costs time.
 */
final class Stage {
  private final Program program;
  private final IValue value;

  /**
   * @param transformers none where the level does not attend
   * @param resize what changes the size of the map at the end, or null
   * @param padEnd where {@link Downsample.Padding} puts the zeros
   */
  Stage(
      Weights weights,
      List<ResnetBlock> resnets,
      List<SpatialTransformer> transformers,
      @Nullable IValue resize,
      boolean padEnd) {
    program = weights.program();
    value =
        weights.held(
            program
                .call("stage")
                .value(weights.list(resnets.stream().map(ResnetBlock::value)))
                .optionalValue(
                    transformers.isEmpty()
                        ? null
                        : weights.list(transformers.stream().map(SpatialTransformer::value)))
                .optionalValue(resize)
                .flag(padEnd)
                .runForValue());
  }

  /** The call of a kernel that takes x, what conditions all levels, and the layers of this one. */
  Call call(String kernel, NDArray x, Step step) {
    Perturbation perturbation = step.perturbation();
    return program
        .call(kernel)
        .tensor(x)
        .tensor(step.time())
        .tensor(step.context())
        .optional(step.contextBias())
        .value(value)
        .optionalByName(perturbation == null ? null : perturbation.attending())
        .optional(step.objects());
  }
}
