package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.gateway.net.PrivateAddresses;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.store.NewJob;
import java.util.random.RandomGenerator;

/** Turns a request for a prediction into the job that is to be stored. */
public final class GenerationIntake {
  private final PublishedModels models;
  private final PrivateAddresses permitted;
  private final String pool;
  private final RandomGenerator seeds;

  public GenerationIntake(
      PublishedModels models, PrivateAddresses permitted, String pool, RandomGenerator seeds) {
    this.models = models;
    this.permitted = permitted;
    this.pool = pool;
    this.seeds = seeds;
  }

  /**
   * Validates a request.
   *
   * @param reference of the model version, from the path or the body
   * @throws DarkroomException with one sentence where the request cannot become a job
   */
  public NewJob job(JobRequest request, ModelReference reference) {
    ObjectNode sent = InputObject.of(request.body().tree());
    PublishedModels.Published published = models.get(reference);
    ObjectNode complete = published.inputs().complete(sent);
    if (!complete.has("seed")) {
      complete.put("seed", seeds.nextInt(Integer.MAX_VALUE));
    }
    complete.put("type", "generation");
    complete.put("model", published.model().toString());
    complete.put("version", published.version().hex());
    return new NewJob(
        JobId.next(),
        request.tenant(),
        pool,
        0,
        Json.convert(complete, GenerationSpec.class),
        sent,
        "api",
        WebhookRequest.read(request.body().tree(), permitted),
        request.storedKey(),
        request.lifetime());
  }

  /** The model version that a body names. */
  public static ModelReference reference(JsonBody body) {
    JsonNode version = body.tree().path("version");
    if (!version.isTextual()) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "version: expected owner/name, owner/name:id or an id, got %s"
              .formatted(version.isMissingNode() ? "none" : "no text"));
    }
    return ModelReference.parse(version.textValue());
  }
}
