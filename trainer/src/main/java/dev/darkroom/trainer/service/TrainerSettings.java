package dev.darkroom.trainer.service;

import ai.djl.Device;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How a trainer runs.
 *
 * @param name who claims the jobs, unique among those alive
 * @param pool whose jobs it takes
 * @param lease silence after which another trainer may take over a job
 * @param device where tensors live
 * @param threads of each tensor operation, for runs that begin here; a run that began elsewhere
 *     keeps its number, for its bits depend on it
 * @param cacheDir where base models are kept, and the files of the running job
 * @param cacheMaxBytes bytes of base models kept
 */
public record TrainerSettings(
    String bootstrapServers,
    String name,
    String pool,
    Duration lease,
    Device device,
    int threads,
    Path cacheDir,
    long cacheMaxBytes) {}
