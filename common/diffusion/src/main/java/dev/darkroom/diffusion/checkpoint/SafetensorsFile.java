package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import java.nio.file.Path;
import java.util.Map;

/**
 * An open safetensors file. Tensors are read one at a time through a mapping of their own bytes, so
 * that reading takes no more memory than the result.
 */
public final class SafetensorsFile implements TensorFile {
  private final WeightsFile file;
  private final SafetensorsHeader header;

  private SafetensorsFile(WeightsFile file, SafetensorsHeader header) {
    this.file = file;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws DiffusionException in one sentence, if it is not a whole safetensors file of types we
   *     read
   */
  public static SafetensorsFile open(Path path) {
    WeightsFile file = WeightsFile.open(path);
    boolean opened = false;
    try {
      SafetensorsFile safetensors = new SafetensorsFile(file, SafetensorsHeader.read(file));
      opened = true;
      return safetensors;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  @Override
  public Path path() {
    return file.path();
  }

  /** The tensors by key, in the order of the file. */
  @Override
  public Map<String, StoredTensor> tensors() {
    return header.tensors();
  }

  /** The file's own notes. */
  @Override
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Reads one tensor: floating types as float32, the others as int64.
   *
   * @return an array that {@code manager} owns, on its device, and no scope
   * @throws DiffusionException if there is no such tensor
   */
  public NDArray read(String key, NDManager manager) {
    StoredTensor tensor = tensors().get(key);
    if (tensor == null) {
      throw DiffusionException.badCheckpoint(path() + ": no tensor " + key);
    }
    return TensorLoading.load(tensor, manager);
  }

  @Override
  public void close() {
    file.close();
  }
}
