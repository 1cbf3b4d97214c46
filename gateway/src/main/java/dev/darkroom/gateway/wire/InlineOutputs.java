package dev.darkroom.gateway.wire;

import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.store.Job;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Outputs as data URIs. Replicate's clients make files of {@code https:} and {@code data:} URLs
 * only, so that an install without TLS answers their synchronous calls with the latter.
 */
public final class InlineOutputs {
  /** All outputs of one answer together; larger ones stay URLs. */
  private static final int MAX_BYTES = 16 << 20;

  private final ObjectStore objects;

  public InlineOutputs(ObjectStore objects) {
    this.objects = objects;
  }

  /** The prediction with its images inside, if they are small enough. */
  public Prediction of(Prediction prediction, Job job) {
    if (!(job.result().orElse(null) instanceof Result.Images(List<OutputFile> files))
        || files.stream().mapToLong(OutputFile::size).sum() > MAX_BYTES) {
      return prediction;
    }
    List<String> output = new ArrayList<>();
    for (OutputFile file : files) {
      byte[] bytes = objects.get(file.key(), file.sha256(), MAX_BYTES);
      output.add(
          "data:" + file.contentType() + ";base64," + Base64.getEncoder().encodeToString(bytes));
    }
    return prediction.withOutput(output);
  }
}
