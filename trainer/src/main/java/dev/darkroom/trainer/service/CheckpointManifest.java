package dev.darkroom.trainer.service;

import dev.darkroom.jobs.job.Sha256;
import java.util.List;

/**
 * What a checkpoint in the object store consists of. It is stored after its files, so that a
 * checkpoint with a manifest is whole.
 *
 * @param step optimizer steps done
 * @param threads of each tensor operation of the run
 */
record CheckpointManifest(int step, int threads, List<Entry> files) {
  static final String NAME = "manifest.json";
  static final int MAX_BYTES = 1 << 20;

  record Entry(String name, long size, Sha256 sha256) {}

  CheckpointManifest {
    files = List.copyOf(files);
  }
}
