package dev.darkroom.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The README, from an empty folder: up, an image, a training that is killed and goes on, an image
 * of the new version.
 */
@Timeout(600)
class UpTest {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final Duration TRAINED = Duration.ofSeconds(240);
  private static final int STEPS = 30;

  @TempDir private Path folder;

  @Test
  void systemComesUpMakesImagesTrainsThroughAKillAndStops() throws Exception {
    Path data = folder.resolve("data");
    try (var launcher = Launcher.up(data, folder.resolve("screen.txt"), "--trainers", "1")) {
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("run.json"))));
      try (var api = launcher.api().awaitStarter(SOON)) {
        assertPicture(api, generate(api, "darkroom/starter"));
        Eventually.until(
            "the image of the warm-up", SOON, () -> Files.exists(data.resolve("first-image.png")));
        String interrupted = train(api, launcher, true);
        String uninterrupted = train(api, launcher, false);
        // A version's id is the hash of its files' hashes: equal ids are equal weights, bit for
        // bit.
        assertEquals(uninterrupted, interrupted);
        assertPicture(api, generate(api, "e2e/interrupted:" + interrupted));
      }
      assertSecondUpSaysSo(data);
      assertStatusAndDown(data, launcher);
    }
  }

  @Test
  void nothingOutlivesAKilledLauncherAndItsJobsAreThereAtTheNextStart() throws Exception {
    Path data = folder.resolve("data");
    String id;
    List<ProcessHandle> processes;
    try (var launcher =
            Launcher.up(data, folder.resolve("screen.txt"), "--no-warm-up", "--trainers", "0");
        var api = launcher.api().awaitStarter(SOON)) {
      id = api.predict(input("apple"), null).path("id").asText();
      processes = launcher.processes();
      assertTrue(
          processes.size() >= 4, "launcher, guardian, Postgres, gateway, worker: " + processes);
      launcher.process().destroyForcibly().waitFor();
    }
    Eventually.until(
        "no process left", SOON, () -> processes.stream().noneMatch(ProcessHandle::isAlive));
    try (var launcher =
            Launcher.up(data, folder.resolve("screen.txt"), "--no-warm-up", "--trainers", "0");
        var api = launcher.api()) {
      assertEquals(
          "succeeded", api.awaitEnd("/v1/predictions/" + id, SOON).path("status").asText());
    }
  }

  private static void assertSecondUpSaysSo(Path data) throws Exception {
    var second = Launcher.run("up", "--data", data.toString(), "--port", "0");
    assertEquals(1, second.status());
    assertTrue(second.errors().contains("Darkroom is already up on " + data), second.errors());
  }

  private static void assertStatusAndDown(Path data, Launcher launcher) throws Exception {
    JsonNode ready =
        Api.JSON
            .createObjectNode()
            .put("gateway", "ready")
            .put("trainer-1", "ready")
            .put("worker-1", "ready");
    Eventually.until(
        "all parts ready",
        SOON,
        () -> {
          var status = Launcher.run("status", "--data", data.toString());
          assertEquals(0, status.status(), status.errors());
          return Api.JSON.readTree(status.output()).path("parts").equals(ready);
        });

    List<ProcessHandle> processes = launcher.processes();
    assertEquals(0, Launcher.run("down", "--data", data.toString()).status());
    // The launcher is a child of this JVM, which takes a moment to notice its end.
    Eventually.until(
        "no process left", SOON, () -> processes.stream().noneMatch(ProcessHandle::isAlive));
    assertEquals(0, launcher.process().waitFor(), launcher.screen());
    assertFalse(Files.exists(data.resolve("run.json")));
  }

  private static JsonNode generate(Api api, String version) throws Exception {
    ObjectNode body = Api.JSON.createObjectNode().put("version", version);
    body.set("input", input("apple"));
    var response = api.post("/v1/predictions", body);
    assertEquals(201, response.statusCode(), response.body());
    String id = Api.JSON.readTree(response.body()).path("id").asText();
    JsonNode ended = api.awaitEnd("/v1/predictions/" + id, SOON);
    assertEquals("succeeded", ended.path("status").asText(), ended.toString());
    return ended;
  }

  private static void assertPicture(Api api, JsonNode prediction) throws Exception {
    byte[] bytes = api.download(prediction.path("output").path(0).asText());
    assertNotNull(ImageIO.read(new ByteArrayInputStream(bytes)), prediction.toString());
  }

  private static ObjectNode input(String prompt) {
    return Api.JSON
        .createObjectNode()
        .put("prompt", prompt)
        .put("seed", 1)
        .put("num_inference_steps", 8);
  }

  /** Trains the starter on a small dataset and answers the id of the new version. */
  private static String train(Api api, Launcher launcher, boolean kill) throws Exception {
    String destination = kill ? "e2e/interrupted" : "e2e/uninterrupted";
    String base = api.get("/v1/models/darkroom/starter").path("latest_version").path("id").asText();
    String dataset = api.upload("squares.zip", "application/zip", DatasetZip.colouredSquares());
    ObjectNode body = Api.JSON.createObjectNode().put("destination", destination);
    body.putObject("input")
        .put("input_images", dataset)
        .put("steps", STEPS)
        .put("batch_size", 4)
        .put("resolution", 32)
        .put("checkpointing_steps", 5)
        .put("validation_steps", STEPS)
        .put("seed", 11);
    var response = api.post("/v1/models/darkroom/starter/versions/" + base + "/trainings", body);
    assertEquals(201, response.statusCode(), response.body());
    String path = "/v1/trainings/" + Api.JSON.readTree(response.body()).path("id").asText();
    if (kill) {
      Eventually.until(
          "a training between its first checkpoint and its end",
          TRAINED,
          () ->
              api.get(path)
                  .path("logs")
                  .asText()
                  .matches("(?s).*\\b(?:[6-9]|1\\d|2\\d)/" + STEPS + ".*"));
      long trainer = launcher.runFile().path("pids").path("trainers").path(0).asLong();
      ProcessHandle.of(trainer).orElseThrow().destroyForcibly();
    }
    JsonNode ended = api.awaitEnd(path, TRAINED);
    assertEquals("succeeded", ended.path("status").asText(), ended.toString());
    String version = ended.path("output").path("version").asText();
    assertTrue(version.startsWith(destination + ":"), version);
    return version.substring(destination.length() + 1);
  }
}
