package dev.darkroom.cli.forward;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.sampler.DpmSolverSde;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerOptions;
import dev.darkroom.diffusion.sampler.SamplerState;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A sampler over recorded predictions, the rows of a batch each on their own. */
final class SchedulerForward {
  private SchedulerForward() {}

  static Map<String, NDArray> run(Path configFile, Inputs inputs) {
    SchedulerConfig config = SchedulerConfig.read(configFile);
    int steps =
        inputs
            .number("num_inference_steps")
            .orElseThrow(
                () ->
                    DiffusionException.badInput(
                        configFile + ": expected the tensor num_inference_steps, found none"))
            .intValue();
    Sampler sampler = SamplerType.of(config).create(config, options(inputs, steps));
    NDManager manager = inputs.manager();
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    describe(sampler, manager, outputs);

    NDArray sample = inputs.get("sample");
    Shape shape = sample.getShape();
    if (shape.dimension() == 0 || shape.size() == 0) {
      throw DiffusionException.badInput("sample: expected [N,...], got " + shape);
    }
    // One path paints a whole batch there; here it is one long row, whose update mixes no values.
    int rows = sampler instanceof DpmSolverSde ? 1 : (int) shape.get(0);
    int size = (int) (shape.size() / rows);
    List<float[]> predictions = new ArrayList<>();
    List<float[]> draws = new ArrayList<>();
    for (int k = 0; k < sampler.steps(); k++) {
      predictions.add(values(inputs.get("model_output." + k), shape, "model_output." + k));
      String name = "noise." + k;
      Optional<NDArray> noise = inputs.find(name);
      noise.ifPresent(draw -> draws.add(values(draw, shape, name)));
    }
    List<float[]> results = new ArrayList<>();
    for (int k = 0; k < sampler.steps(); k++) {
      results.add(new float[rows * size]);
    }
    for (int row = 0; row < rows; row++) {
      int from = row * size;
      List<float[]> own =
          draws.stream().map(draw -> Arrays.copyOfRange(draw, from, from + size)).toList();
      SamplerState state =
          SamplerState.at(
              0,
              Arrays.copyOfRange(sample.toFloatArray(), from, from + size),
              new RecordedNoise(own));
      for (int k = 0; k < sampler.steps(); k++) {
        state = sampler.step(state, Arrays.copyOfRange(predictions.get(k), from, from + size));
        System.arraycopy(state.sample(), 0, results.get(k), from, size);
      }
    }
    for (int k = 0; k < results.size(); k++) {
      outputs.put("prev_sample." + k, manager.create(results.get(k), shape));
    }
    return outputs;
  }

  private static SamplerOptions options(Inputs inputs, int steps) {
    return new SamplerOptions(
        steps,
        inputs.number("eta").orElse(null),
        inputs.number("mu").orElse(null),
        inputs.find("sigmas").map(NDArray::toFloatArray).orElse(null),
        inputs.number("original_inference_steps").map(Double::intValue).orElse(null),
        null);
  }

  private static void describe(Sampler sampler, NDManager manager, Map<String, NDArray> outputs) {
    float[] timesteps = new float[sampler.steps()];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = sampler.timestep(i);
    }
    outputs.put(
        "timesteps",
        sampler.hasWholeTimesteps() ? manager.create(whole(timesteps)) : manager.create(timesteps));
    float[] sigmas = sampler.sigmas();
    if (sigmas.length > 0) {
      outputs.put("sigmas", manager.create(sigmas));
    }
    outputs.put("init_noise_sigma", manager.create(new float[] {sampler.initNoiseSigma()}));
  }

  private static float[] values(NDArray tensor, Shape shape, String name) {
    if (!tensor.getShape().equals(shape)) {
      throw DiffusionException.badInput(
          "%s: expected the sample's shape %s, got %s".formatted(name, shape, tensor.getShape()));
    }
    return tensor.toFloatArray();
  }

  private static long[] whole(float[] values) {
    long[] whole = new long[values.length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (long) values[i];
    }
    return whole;
  }
}
