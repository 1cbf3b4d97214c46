package dev.darkroom.trainer.service;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.objects.ObjectInfo;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.StoredObject;
import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.loop.CheckpointStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints of one training in the object store, below {@code checkpoints/STEP/ATTEMPT/}:
 * attempts write to places of their own, so that one that was taken over cannot damage what its
 * successor wrote. The newest {@value #KEPT} are kept.
 */
final class ObjectCheckpoints implements CheckpointStore {
  private static final int KEPT = 2;

  private final ObjectStore objects;
  private final JobId job;
  private final int attempt;
  private final Path scratch;
  private final Consumer<String> log;
  private final IntConsumer saved;
  private int threads;
  private @Nullable Found found;

  /**
   * @param scratch an empty folder for what is downloaded
   * @param threads of the run, unless it goes on from a checkpoint
   * @param log is told of checkpoints that do not verify
   * @param saved is told each step that is safe
   */
  ObjectCheckpoints(
      ObjectStore objects,
      JobId job,
      int attempt,
      Path scratch,
      int threads,
      Consumer<String> log,
      IntConsumer saved) {
    this.objects = objects;
    this.job = job;
    this.attempt = attempt;
    this.scratch = scratch;
    this.threads = threads;
    this.log = log;
    this.saved = saved;
  }

  /** A checkpoint on this machine, its files verified. */
  private record Found(CheckpointManifest manifest, Path folder) {}

  /**
   * The newest checkpoint that verifies. One that does not is passed over for an earlier one: its
   * steps are made again, with the same result.
   *
   * @throws DarkroomException {@link ErrorCode#CORRUPT_CHECKPOINT} where there are some, and none
   *     verifies
   */
  Optional<CheckpointManifest> newest() {
    find();
    return Optional.ofNullable(found).map(Found::manifest);
  }

  private void find() {
    if (found != null) {
      return;
    }
    List<String> manifests = manifests();
    for (String key : manifests) {
      try {
        found = download(key);
        threads = found.manifest().threads();
        return;
      } catch (DarkroomException e) {
        if (e.code() != ErrorCode.CORRUPT_OBJECT
            && e.code() != ErrorCode.NOT_FOUND
            && e.code() != ErrorCode.INVALID_INPUT) {
          throw e;
        }
        log.accept(
            "checkpoint %s does not verify and is passed over: %s".formatted(key, e.getMessage()));
      }
    }
    if (!manifests.isEmpty()) {
      throw new DarkroomException(
          ErrorCode.CORRUPT_CHECKPOINT,
          "none of this training's %d checkpoints verifies; start it again from its base model"
              .formatted(manifests.size()));
    }
  }

  @Override
  public Optional<Path> latest() {
    find();
    return Optional.ofNullable(found).map(Found::folder);
  }

  @Override
  public void save(long step, Path folder) {
    String prefix = prefix(step);
    List<CheckpointManifest.Entry> files = new ArrayList<>();
    for (Path file : list(folder)) {
      String name = String.valueOf(file.getFileName());
      StoredObject stored = objects.put(prefix + name, file, "application/octet-stream");
      files.add(new CheckpointManifest.Entry(name, stored.size(), stored.sha256()));
    }
    CheckpointManifest manifest = new CheckpointManifest((int) step, threads, files);
    objects.put(
        prefix + CheckpointManifest.NAME,
        Json.write(manifest).getBytes(StandardCharsets.UTF_8),
        "application/json");
    saved.accept((int) step);
    List<String> manifests = manifests();
    manifests.stream().skip(KEPT).forEach(this::delete);
  }

  /** The manifest goes first, so that what is half deleted is no checkpoint. */
  private void delete(String manifest) {
    objects.delete(manifest);
    objects.deleteAll(manifest.substring(0, manifest.length() - CheckpointManifest.NAME.length()));
  }

  private String prefix(long step) {
    return "%s%09d/".formatted(ObjectLayout.checkpoint(job, step), attempt);
  }

  /** Keys of all manifests, the newest first: steps and attempts are padded with zeros. */
  private List<String> manifests() {
    return objects.list(ObjectLayout.checkpoints(job)).stream()
        .map(ObjectInfo::key)
        .filter(key -> key.endsWith("/" + CheckpointManifest.NAME))
        .sorted(Comparator.reverseOrder())
        .toList();
  }

  private Found download(String key) {
    CheckpointManifest manifest =
        Json.read(
            new String(objects.get(key, CheckpointManifest.MAX_BYTES), StandardCharsets.UTF_8),
            CheckpointManifest.class);
    String prefix = key.substring(0, key.length() - CheckpointManifest.NAME.length());
    Path folder = scratch.resolve("step-" + manifest.step());
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiskErrors.writing(folder, e);
    }
    for (CheckpointManifest.Entry file : manifest.files()) {
      Path target = folder.resolve(file.name()).normalize();
      if (!folder.equals(target.getParent())) {
        throw new DarkroomException(
            ErrorCode.CORRUPT_OBJECT,
            "%s: expected plain file names, got \"%s\"".formatted(key, file.name()));
      }
      objects.download(prefix + file.name(), file.sha256(), file.size(), target);
    }
    return new Found(manifest, folder);
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw DiskErrors.reading(folder, e);
    }
  }
}
