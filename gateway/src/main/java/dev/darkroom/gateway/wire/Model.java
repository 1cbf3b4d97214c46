package dev.darkroom.gateway.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A model of the registry as Replicate's clients read it. */
public record Model(
    String url,
    String owner,
    String name,
    String description,
    String visibility,
    @Nullable String githubUrl,
    @Nullable String paperUrl,
    @Nullable String licenseUrl,
    int runCount,
    @Nullable String coverImageUrl,
    @Nullable Prediction defaultExample,
    @Nullable Version latestVersion,
    Instant createdAt) {

  /**
   * A version of a model.
   *
   * @param id 64 hexadecimal digits
   * @param cogVersion what clients ask about before they stream; never below 0.3.9
   * @param openapiSchema what it takes and gives, under components.schemas
   */
  public record Version(String id, Instant createdAt, String cogVersion, JsonNode openapiSchema) {
    /** The version of the protocol that ours behaves as. */
    public static final String COG_VERSION = "0.16.0";
  }
}
