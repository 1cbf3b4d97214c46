package dev.darkroom.local.supervisor;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code run.json}: how to reach a running system. There from the moment the gateway is healthy
 * until a clean stop.
 *
 * @param health part to the address that says whether it is ready
 */
public record RunFile(
    String url,
    String token,
    S3 s3,
    String kafka,
    String postgres,
    Pids pids,
    Map<String, String> health) {

  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  /** The object store and the only identity it knows. */
  public record S3(
      String endpoint,
      @JsonProperty("access_key") String accessKey,
      @JsonProperty("secret_key") String secretKey,
      String bucket,
      String region) {}

  /** Process ids; those of a child change when it is started again, and the file with them. */
  public record Pids(long launcher, long gateway, List<Long> workers, List<Long> trainers) {}

  void write(DataFolder folder) throws IOException {
    DataFolder.writePrivately(folder.runFile(), toJson() + "\n");
  }

  /** Reads the file of a folder, if there is one. */
  public static Optional<RunFile> read(DataFolder folder) throws IOException {
    if (!Files.exists(folder.runFile())) {
      return Optional.empty();
    }
    return Optional.of(JSON.readValue(folder.runFile().toFile(), RunFile.class));
  }

  /** One line of JSON. */
  public String toJson() throws IOException {
    return JSON.writeValueAsString(this);
  }
}
