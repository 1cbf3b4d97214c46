package dev.darkroom.jobs.spec;

import dev.darkroom.jobs.job.Sha256;

/**
 * The archive that a training reads: an object and the hash of its bytes, so that a replay trains
 * on the same pictures.
 *
 * @param key object key of a zip of images with an optional metadata.jsonl
 * @param size bytes
 */
public record Dataset(String key, long size, Sha256 sha256) {
  public Dataset {
    Check.present("dataset.key", key);
    Check.range("dataset.size", size, 1, Long.MAX_VALUE);
    Check.present("dataset.sha256", sha256);
  }
}
