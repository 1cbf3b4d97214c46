package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;

/**
 * Everything a job needs, next to the content-addressed files that it names. A spec has no defaults
 * left to fill and no seed left to draw.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = GenerationSpec.class, name = "generation"),
  @JsonSubTypes.Type(value = TrainingSpec.class, name = "training")
})
public sealed interface JobSpec permits GenerationSpec, TrainingSpec {

  /** The model that the job runs, or starts its training from. */
  ModelName model();

  /** That model's version. */
  Sha256 version();

  /** Which topic and which workers. */
  default JobKind kind() {
    return switch (this) {
      case GenerationSpec generation -> JobKind.GENERATION;
      case TrainingSpec training -> JobKind.TRAINING;
    };
  }
}
