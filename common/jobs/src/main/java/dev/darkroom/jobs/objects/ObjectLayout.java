package dev.darkroom.jobs.objects;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Sha256;

/**
 * Where everything lies in the bucket. Keys that say an attempt or a hash are written once and
 * never over, so that a worker that was taken for dead damages nothing.
 */
public final class ObjectLayout {
  /** All content-addressed files of models. */
  public static final String BLOBS = "blobs/";

  private ObjectLayout() {}

  /** A model's file, by the hash of its bytes. */
  public static String blob(Sha256 sha256) {
    return BLOBS + sha256;
  }

  /** The manifest of a model version; its bytes hash to the id. */
  public static String manifest(Sha256 version) {
    return "versions/" + version + ".json";
  }

  /** A file that a caller uploaded. */
  public static String file(String fileId) {
    return "files/" + fileId;
  }

  /** Output {@code index} of an attempt. */
  public static String output(JobId job, int attempt, int index, String extension) {
    return "%s%d/%d.%s".formatted(outputs(job), attempt, index, extension);
  }

  /** All outputs of a job, of every attempt. */
  public static String outputs(JobId job) {
    return "outputs/" + job + "/";
  }

  /** All that a training keeps while it runs. */
  public static String training(JobId job) {
    return "trainings/" + job + "/";
  }

  /** All checkpoints of a training. */
  public static String checkpoints(JobId job) {
    return training(job) + "checkpoints/";
  }

  /** The files of the checkpoint at a step; zero-padded so that a listing is in order. */
  public static String checkpoint(JobId job, long step) {
    return "%s%09d/".formatted(checkpoints(job), step);
  }

  /** A sample grid of a training. */
  public static String sample(JobId job, long step, String extension) {
    return "%ssamples/%09d.%s".formatted(training(job), step, extension);
  }
}
