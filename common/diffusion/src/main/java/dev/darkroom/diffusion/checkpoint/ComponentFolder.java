package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.ParameterSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** One sub-folder of a diffusers model: {@code config.json} and the weights. */
public final class ComponentFolder {
  /** diffusers' name for the weights of its models. */
  public static final String DIFFUSERS_WEIGHTS = "diffusion_pytorch_model.safetensors";

  /** transformers' name for the weights of its models. */
  public static final String TRANSFORMERS_WEIGHTS = "model.safetensors";

  private ComponentFolder() {}

  public static ModelConfig config(Path folder) {
    return ModelConfig.of(folder.resolve("config.json"));
  }

  /**
   * Builds a model from the folder's weights, all of which it must take.
   *
   * @param manager the model lives in a child of it, which a failed load frees
   * @param olderName what keys were called before, see {@link CheckpointParameters}
   * @param ignorable keys that may be left over
   */
  public static <M> M load(
      Path weights,
      NDManager manager,
      UnaryOperator<String> olderName,
      Predicate<String> ignorable,
      Function<ParameterSource, M> model) {
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      return load(checkpoint, manager, olderName, ignorable, model);
    }
  }

  /** The same from weights that are open; the caller closes them. */
  public static <M> M load(
      Checkpoint checkpoint,
      NDManager manager,
      UnaryOperator<String> olderName,
      Predicate<String> ignorable,
      Function<ParameterSource, M> model) {
    NDManager own = manager.newSubManager();
    boolean loaded = false;
    try {
      CheckpointParameters parameters = new CheckpointParameters(checkpoint, own, olderName);
      M built = model.apply(parameters);
      parameters.requireAllTaken(ignorable);
      loaded = true;
      return built;
    } finally {
      if (!loaded) {
        own.close();
      }
    }
  }

  /**
   * Writes a component; the folder is made where it is not there.
   *
   * @param weightsName {@link #DIFFUSERS_WEIGHTS} or {@link #TRANSFORMERS_WEIGHTS}
   * @param type what the parameters are stored as: F32, F16 or BF16
   */
  public static void write(
      Path folder,
      ObjectNode config,
      String weightsName,
      Map<String, NDArray> parameters,
      TensorType type) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiffusionException.internal("cannot make " + folder + ": " + e.getMessage(), e);
    }
    SafetensorsWriter.write(folder.resolve(weightsName), parameters, type, Map.of());
    ConfigJson.write(folder.resolve("config.json"), config);
  }
}
