package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.gateway.net.PrivateAddresses;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.NewJob;
import java.util.random.RandomGenerator;

/** Turns a request for a training into the job that is to be stored. */
public final class TrainingIntake {
  private final PublishedModels models;
  private final InputFiles files;
  private final PrivateAddresses permitted;
  private final String pool;
  private final RandomGenerator seeds;

  public TrainingIntake(
      PublishedModels models,
      InputFiles files,
      PrivateAddresses permitted,
      String pool,
      RandomGenerator seeds) {
    this.models = models;
    this.files = files;
    this.permitted = permitted;
    this.pool = pool;
    this.seeds = seeds;
  }

  /**
   * Validates a request; the dataset is fetched last, when all else is right.
   *
   * @throws DarkroomException with one sentence where the request cannot become a job
   */
  public NewJob job(JobRequest request, ModelReference base) {
    ObjectNode body = request.body().tree();
    ObjectNode sent = InputObject.of(body);
    PublishedModels.Published published = models.get(base);
    ModelName destination = destination(body.path("destination"));
    ObjectNode complete = published.trainingInputs().complete(sent);
    if (!complete.has("seed")) {
      complete.put("seed", seeds.nextInt(Integer.MAX_VALUE));
    }
    var webhook = WebhookRequest.read(body, permitted);
    String images = complete.remove("input_images").textValue();
    complete.set(
        "dataset",
        Json.mapper().valueToTree(files.dataset(request.tenant(), "input.input_images", images)));
    complete.put("type", "training");
    complete.put("model", published.model().toString());
    complete.put("version", published.version().hex());
    complete.put("destination", destination.toString());
    return new NewJob(
        JobId.next(),
        request.tenant(),
        pool,
        0,
        Json.convert(complete, TrainingSpec.class),
        sent,
        "api",
        webhook,
        request.storedKey(),
        request.lifetime());
  }

  /** A missing destination is a 404 to Replicate's clients. */
  private static ModelName destination(JsonNode destination) {
    if (!destination.isTextual() || destination.textValue().isEmpty()) {
      throw new DarkroomException(
          ErrorCode.NOT_FOUND,
          "destination: expected owner/name of the model that the training makes, got none");
    }
    return ModelName.parse(destination.textValue());
  }
}
