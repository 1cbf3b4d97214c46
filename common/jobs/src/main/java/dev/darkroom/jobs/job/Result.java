package dev.darkroom.jobs.job;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** What a job that succeeded leaves behind. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Result.Images.class, name = "images"),
  @JsonSubTypes.Type(value = Result.Trained.class, name = "trained")
})
public sealed interface Result {

  /** Images, in the order of their index. */
  record Images(List<OutputFile> files) implements Result {
    public Images {
      files = List.copyOf(files);
      for (int i = 0; i < files.size(); i++) {
        if (files.get(i).index() != i) {
          throw new IllegalArgumentException(
              "outputs: expected index %d at place %d, got %d"
                  .formatted(i, i, files.get(i).index()));
        }
      }
    }
  }

  /**
   * A new model version. Ending the job registers it, in the same transaction.
   *
   * @param model the name it is registered under
   * @param version its id, the hash of its manifest
   * @param size bytes of all its files
   * @param schema its {@code openapi_schema}
   */
  record Trained(ModelName model, Sha256 version, long size, JsonNode schema) implements Result {}
}
