package dev.darkroom.worker.service;

import ai.djl.Device;
import dev.darkroom.diffusion.pipeline.Precision;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How a worker runs.
 *
 * @param name who claims the jobs, unique among the workers alive
 * @param pool whose jobs it takes
 * @param slots rows denoised together
 * @param lanes forwards that may be under way at once, each on its share of the CPU's cores
 * @param lease silence after which another worker may take over a job
 * @param grace how long running jobs may go on at a shutdown before they are handed back
 * @param precision that models compute with
 * @param modelMemory bytes that loaded models may hold
 * @param cacheDir where model files are kept
 * @param cacheMaxBytes bytes of model files kept
 */
public record WorkerSettings(
    String bootstrapServers,
    String name,
    String pool,
    int slots,
    int lanes,
    Duration lease,
    Duration grace,
    Device device,
    Precision precision,
    long modelMemory,
    Path cacheDir,
    long cacheMaxBytes) {

  public WorkerSettings {
    if (lanes < 1) {
      throw new IllegalArgumentException("lanes: expected at least 1, got " + lanes);
    }
  }

  /**
   * Jobs held at once: half as many again as there are slots, so that rows wait at the engine's
   * door while the jobs before them are decoded, uploaded and committed.
   */
  int jobs() {
    return slots + (slots + 1) / 2;
  }
}
