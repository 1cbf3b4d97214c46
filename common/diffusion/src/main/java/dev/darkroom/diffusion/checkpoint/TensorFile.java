package dev.darkroom.diffusion.checkpoint;

import java.nio.file.Path;
import java.util.Map;

/**
 * A file of named tensors, open for reading: its directory is checked, its tensors are not read.
 */
public sealed interface TensorFile extends AutoCloseable permits SafetensorsFile, TorchFile {
  Path path();

  /** The tensors by key, in the order of the file. */
  Map<String, StoredTensor> tensors();

  /** The file's notes: safetensors' metadata, or the plain values beside a pickled state_dict. */
  Map<String, String> metadata();

  @Override
  void close();
}
