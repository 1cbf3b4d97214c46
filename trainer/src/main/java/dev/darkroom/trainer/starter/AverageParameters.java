package dev.darkroom.trainer.starter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.nn.Initialisation;
import dev.darkroom.diffusion.nn.ParameterSource;

/** The moving average of the weights in a training checkpoint, as a model takes its parameters. */
final class AverageParameters implements ParameterSource {
  private static final String PREFIX = "average/";

  private final SafetensorsFile state;
  private final NDManager manager;

  AverageParameters(SafetensorsFile state, NDManager manager) {
    this.state = state;
    this.manager = manager;
  }

  @Override
  public NDManager manager() {
    return manager;
  }

  @Override
  public boolean holds(String key) {
    return state.tensors().containsKey(PREFIX + key);
  }

  @Override
  public NDArray take(String key, Shape shape, Initialisation initialisation) {
    NDArray parameter = state.read(PREFIX + key, manager);
    if (!parameter.getShape().equals(shape)) {
      throw DiffusionException.badCheckpoint(
          "%s: %s: expected %s, got %s; it belongs to another config"
              .formatted(state.path(), key, shape, parameter.getShape()));
    }
    return parameter;
  }
}
