package dev.darkroom.trainer.loop;

import java.nio.file.Path;
import java.util.Optional;

/** Where a run's checkpoints go: a folder on this machine, or an object store. */
public interface CheckpointStore {

  /**
   * Keeps the files of a finished checkpoint folder; once this returns, {@link #latest} finds it
   * after any crash.
   */
  void save(long step, Path folder);

  /**
   * The newest whole checkpoint as a folder on this machine, with exactly the files that were
   * saved; empty where there is none.
   */
  Optional<Path> latest();
}
