package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Named tensors, open for reading: of one file, of the shards of an index, or a view of another
 * checkpoint under other names.
 */
public final class Checkpoint implements AutoCloseable {
  private final Path place;
  private final List<TensorFile> files;
  private final Map<String, StoredTensor> tensors;
  private final Map<String, String> metadata;

  private Checkpoint(
      Path place,
      List<TensorFile> files,
      Map<String, StoredTensor> tensors,
      Map<String, String> metadata) {
    this.place = place;
    this.files = files;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Opens weights.
   *
   * @param place a file of safetensors or torch.save, an index of shards, or the folder that holds
   *     one under a name of diffusers or transformers, see {@link WeightsName}
   * @throws DiffusionException if there is none, a file is not whole, or a shard lacks what the
   *     index says
   */
  public static Checkpoint open(Path place) {
    Path found = Files.isDirectory(place) ? WeightsName.find(place) : place;
    return opened(place, found);
  }

  /**
   * Opens a variant of a component's weights.
   *
   * @param variant {@code fp16}, {@code non_ema} or what else stands in the files' names
   */
  public static Checkpoint open(Path folder, String variant) {
    return opened(folder, WeightsName.find(folder, variant));
  }

  private static Checkpoint opened(Path place, Path found) {
    return ShardIndex.isNamed(found)
        ? ShardIndex.read(found).open(place)
        : of(place, List.of(found));
  }

  /** Opens files that together hold one component; no key may be in two of them. */
  public static Checkpoint of(Path place, Collection<Path> paths) {
    List<TensorFile> files = new ArrayList<>();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    Map<String, TensorFile> owners = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    try {
      for (Path path : paths) {
        TensorFile file =
            TorchFile.isNamed(path) ? TorchFile.open(path) : SafetensorsFile.open(path);
        files.add(file);
        metadata.putAll(file.metadata());
        file.tensors()
            .forEach(
                (key, tensor) -> {
                  TensorFile other = owners.putIfAbsent(key, file);
                  if (other != null) {
                    throw DiffusionException.badCheckpoint(
                        "%s: tensor %s is in both %s and %s"
                            .formatted(place, key, other.path().getFileName(), path.getFileName()));
                  }
                  tensors.put(key, tensor);
                });
      }
    } catch (RuntimeException e) {
      files.forEach(TensorFile::close);
      throw e;
    }
    return new Checkpoint(place, files, tensors, metadata);
  }

  /**
   * Other names and forms of this checkpoint's tensors. The view reads through this checkpoint,
   * which must stay open; closing the view closes nothing.
   */
  public Checkpoint view(Map<String, StoredTensor> other) {
    return new Checkpoint(place, List.of(), new LinkedHashMap<>(other), metadata);
  }

  /** Where it was opened: what errors name. */
  public Path place() {
    return place;
  }

  public Set<String> keys() {
    return tensors.keySet();
  }

  /** Every tensor by key, in the order of the files. */
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  /** The files' notes, see {@link TensorFile#metadata}. */
  public Map<String, String> metadata() {
    return metadata;
  }

  public boolean holds(String key) {
    return tensors.containsKey(key);
  }

  /**
   * The tensor as it is stored: its type and shape, and nothing read yet.
   *
   * @throws DiffusionException if there is no such tensor
   */
  public StoredTensor entry(String key) {
    StoredTensor tensor = tensors.get(key);
    if (tensor == null) {
      throw DiffusionException.badCheckpoint(place + ": no tensor " + key);
    }
    return tensor;
  }

  /** Reads one tensor as {@link SafetensorsFile#read} does. */
  public NDArray read(String key, NDManager manager) {
    return TensorLoading.load(entry(key), manager);
  }

  @Override
  public void close() {
    files.forEach(TensorFile::close);
  }
}
