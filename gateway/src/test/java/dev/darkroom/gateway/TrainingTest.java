package dev.darkroom.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.JobStore;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a training is asked for, refused and shown, before any trainer takes part. */
@QuarkusTest
@WithTestResource(GatewayServices.class)
class TrainingTest {
  private static final String BOUNDARY = "a-boundary-of-the-test";

  @ConfigProperty(name = "darkroom.public-url")
  String url;

  @Inject JobStore jobs;

  private Api api;
  private String path;

  @BeforeEach
  void awaitStarter() {
    api = new Api(url, GatewayServices.TOKEN);
    api.until("/v1/models/darkroom/starter", answer -> answer.status() == 200);
    JsonNode model = api.get("/v1/models/darkroom/starter").json();
    path =
        "/v1/models/darkroom/starter/versions/%s/trainings"
            .formatted(model.at("/latest_version/id").textValue());
  }

  @Test
  void trainingIsStoredWithItsDatasetByHashAndAnsweredAtOnce() {
    JsonNode file = upload("a dataset, as far as the gateway looks");
    Api.Answer created =
        api.post(
            path,
            body("darkroom/fruit", file.at("/urls/get").textValue(), "\"steps\":30,\"seed\":7"),
            "Cancel-After",
            "2h");
    assertEquals(201, created.status(), created.text());
    JsonNode training = created.json();
    assertEquals("starting", training.get("status").textValue());
    assertEquals("darkroom/starter", training.get("model").textValue());
    assertTrue(training.get("output").isNull());
    assertTrue(training.get("deadline").isTextual());
    String self = training.at("/urls/get").textValue();
    assertEquals(url + "/v1/trainings/" + training.get("id").textValue(), self);
    assertEquals(training.get("input"), api.get(self).json().get("input"));

    Job stored = jobs.find(new JobId(training.get("id").textValue())).orElseThrow();
    TrainingSpec spec = (TrainingSpec) stored.spec();
    assertEquals("darkroom/fruit", spec.destination().toString());
    assertEquals(file.at("/checksums/sha256").textValue(), spec.dataset().sha256().hex());
    assertEquals(30, spec.steps());
    assertEquals(7, spec.seed());
  }

  @Test
  void trainingIsListedAndCanceledAmongTrainingsAndIsNoPrediction() {
    String dataset = upload("another").at("/urls/get").textValue();
    JsonNode training = api.post(path, body("darkroom/fruit", dataset, "\"steps\":30")).json();
    String id = training.get("id").textValue();
    assertEquals(id, api.get("/v1/trainings").json().at("/results/0/id").textValue());
    assertEquals(404, api.get("/v1/predictions/" + id).status());
    Api.Answer canceled = api.post("/v1/trainings/" + id + "/cancel", "");
    assertEquals("canceled", canceled.json().get("status").textValue());
  }

  @Test
  void sameIdempotencyKeyIsTheSameTraining() {
    String dataset = upload("once").at("/urls/get").textValue();
    String body = body("darkroom/fruit", dataset, "\"steps\":30");
    JsonNode first = api.post(path, body, "Idempotency-Key", "training-1").json();
    JsonNode again = api.post(path, body, "Idempotency-Key", "training-1").json();
    assertEquals(first.get("id"), again.get("id"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "'destination':'','input':{'input_images':'FILE'};404",
        "'input':{'input_images':'FILE'};404",
        "'destination':'../etc','input':{'input_images':'FILE'};422",
        "'destination':'darkroom/fruit';422",
        "'destination':'darkroom/fruit','input':{};422",
        "'destination':'darkroom/fruit','input':{'input_images':7};422",
        "'destination':'darkroom/fruit','input':{'input_images':'http://10.0.0.1/x.zip'};422",
        "'destination':'darkroom/fruit','input':{'input_images':'file:///etc/passwd'};422",
        "'destination':'darkroom/fruit','input':{'input_images':'FILE','steps':0};422",
        "'destination':'darkroom/fruit','input':{'input_images':'FILE','steps':'many'};422",
        "'destination':'darkroom/fruit','input':{'input_images':'FILE','resolution':100};422",
        "'destination':'darkroom/fruit','input':{'input_images':'FILE','learning_rate':-1};422",
        "'destination':'darkroom/fruit','input':{'input_images':'FILE','surprise':1};422"
      })
  void badRequestIsOneSentenceAndNothingIsStored(String members, int status) {
    String dataset = upload("of a bad request").at("/urls/get").textValue();
    int before = api.get("/v1/trainings").json().get("results").size();
    String body = "{" + members.replace('\'', '"').replace("FILE", dataset) + "}";
    Api.Answer refused = api.post(path, body);
    assertEquals(status, refused.status(), refused.text());
    assertEquals("application/problem+json", refused.type().split(";")[0]);
    assertFalse(refused.json().get("detail").textValue().contains("\n"), refused.text());
    assertFalse(refused.json().get("detail").textValue().contains("Exception"), refused.text());
    assertEquals(before, api.get("/v1/trainings").json().get("results").size());
  }

  @Test
  void versionThatIsNotThereIsNotFound() {
    String dataset = upload("of no version").at("/urls/get").textValue();
    String body = body("darkroom/fruit", dataset, "\"steps\":30");
    String unknown = "/v1/models/darkroom/starter/versions/%s/trainings";
    assertEquals(404, api.post(unknown.formatted("0".repeat(64)), body).status());
    assertEquals(422, api.post(unknown.formatted("latest"), body).status());
  }

  @Test
  void aFileThatIsNotThereIsRefused() {
    Api.Answer refused =
        api.post(
            path,
            body("darkroom/fruit", url + "/v1/files/00000000000000000000000000", "\"steps\":30"));
    assertEquals(4, refused.status() / 100, refused.text());
  }

  private static String body(String destination, String dataset, String inputs) {
    return "{\"destination\":\"%s\",\"input\":{\"input_images\":\"%s\",%s}}"
        .formatted(destination, dataset, inputs);
  }

  private JsonNode upload(String content) {
    String form =
        "--%1$s\r\nContent-Disposition: form-data; name=\"content\"; filename=\"d.zip\"\r\n"
                .formatted(BOUNDARY)
            + "Content-Type: application/zip\r\n\r\n%s\r\n--%s--\r\n".formatted(content, BOUNDARY);
    Api.Answer created =
        api.post("/v1/files", form, "Content-Type", "multipart/form-data; boundary=" + BOUNDARY);
    assertEquals(201, created.status(), created.text());
    return Json.tree(created.text());
  }
}
