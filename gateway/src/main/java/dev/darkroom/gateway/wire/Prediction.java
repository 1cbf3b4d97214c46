package dev.darkroom.gateway.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as Replicate's clients read it; predictions and trainings have the same envelope.
 *
 * @param model {@code owner/name}
 * @param version the model version's id; never null, one client refuses that
 * @param input what the caller sent, secrets never among it
 * @param output a prediction's URLs, or a training's {@link TrainingOutput}; null until the end
 * @param logs lines, progress in tqdm's form among them
 * @param error one sentence where the job failed
 * @param status of the closed set that clients know
 * @param metrics seconds as {@code predict_time} and {@code total_time}, and what the runner
 *     measured
 * @param dataRemoved whether input and output were expired
 * @param deadline when the job is ended at the latest, where the caller said so
 */
public record Prediction(
    String id,
    String model,
    String version,
    JsonNode input,
    @Nullable Object output,
    String logs,
    @Nullable String error,
    Status status,
    String source,
    boolean dataRemoved,
    Map<String, Double> metrics,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant completedAt,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Instant deadline,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String webhook,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> webhookEventsFilter,
    Urls urls) {

  /**
   * Where to go on; no member is ever null.
   *
   * @param stream events in Replicate's form, signed: it needs no token
   * @param events progress, previews and logs in Darkroom's form
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Urls(String get, String cancel, @Nullable String stream, @Nullable String events) {}

  /**
   * What a training leaves.
   *
   * @param version {@code owner/name:id}
   * @param weights where the version is described
   */
  public record TrainingOutput(String version, String weights) {}

  /** The same as a caller sees it whose wait ended first: any other status reads as the end. */
  public Prediction asStarting() {
    return with(null, null, Status.STARTING);
  }

  /** The same as it was when it began to run. */
  public Prediction asProcessing() {
    return with(null, null, Status.PROCESSING);
  }

  /** The same with another output. */
  Prediction withOutput(Object other) {
    return with(other, error, status);
  }

  private Prediction with(@Nullable Object newOutput, @Nullable String newError, Status newStatus) {
    return new Prediction(
        id,
        model,
        version,
        input,
        newOutput,
        logs,
        newError,
        newStatus,
        source,
        dataRemoved,
        metrics,
        createdAt,
        startedAt,
        completedAt,
        deadline,
        webhook,
        webhookEventsFilter,
        urls);
  }
}
