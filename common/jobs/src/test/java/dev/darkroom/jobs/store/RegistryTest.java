package dev.darkroom.jobs.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Models, files and tokens. */
class RegistryTest {
  private static final JsonNode SCHEMA = Json.tree("{\"openapi\":\"3.0.2\"}");

  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create();
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void theLatestVersionIsTheOneRegisteredLast() {
    ModelName name = new ModelName("me", "mine");
    Sha256 first = Sha256.of("1");
    Sha256 second = Sha256.of("2");
    database.models.register(name, "default", first, SCHEMA, 10);
    database.models.register(name, "default", second, SCHEMA, 20);
    // The same files again are the same version and no newer one.
    ModelVersion again = database.models.register(name, "default", first, SCHEMA, 10);
    assertEquals(SCHEMA, again.schema());
    assertEquals(second, database.models.latest(name).orElseThrow().id());
    assertEquals(
        List.of(second, first),
        database.models.versions(name).stream().map(ModelVersion::id).toList());
    assertEquals(name, database.models.version(first).orElseThrow().model());
    assertTrue(database.models.delete(name, second));
    assertEquals(first, database.models.find(name).orElseThrow().latest().orElseThrow().id());
    assertFalse(database.models.delete(name));
  }

  @Test
  void aNameIsTakenOnce() {
    ModelName name = new ModelName("me", "new");
    Model model = database.models.create(name, "default", "mine", Model.Visibility.PRIVATE);
    assertEquals(Optional.empty(), model.latest());
    DarkroomException e =
        assertThrows(
            DarkroomException.class,
            () -> database.models.create(name, "default", "", Model.Visibility.PUBLIC));
    assertEquals(ErrorCode.CONFLICT, e.code());
    assertTrue(database.models.delete(name));
  }

  @Test
  void aTenantSeesItsOwnModelsAndPublicOnes() {
    database.models.create(new ModelName("a", "own"), "a", "x", Model.Visibility.PRIVATE);
    database.models.create(new ModelName("b", "open"), "b", "Apples", Model.Visibility.PUBLIC);
    database.models.create(new ModelName("b", "hidden"), "b", "x", Model.Visibility.PRIVATE);
    List<String> seen = new ArrayList<>();
    Optional<Cursor> cursor = Optional.empty();
    do {
      Page<Model> page = database.models.list("a", cursor, 1);
      page.items().forEach(model -> seen.add(model.name().toString()));
      cursor = page.next();
    } while (cursor.isPresent());
    assertEquals(List.of("b/open", "a/own"), seen);
    assertEquals(
        List.of("b/open"),
        database.models.search("a", "APPLE", Optional.empty(), 10).items().stream()
            .map(model -> model.name().toString())
            .toList());
  }

  @Test
  void aFileIsItsTenants() {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    StoredFile file =
        new StoredFile(
            "f1",
            "a",
            "größe.zip",
            "application/zip",
            12,
            Sha256.of("zip"),
            "900150983cd24fb0d6963f7d28e17f72",
            Json.tree("{\"k\":[1,2]}"),
            now,
            Optional.of(now.minusSeconds(1)));
    database.files.insert(file);
    assertEquals(Optional.of(file), database.files.find("a", "f1"));
    assertEquals(Optional.empty(), database.files.find("b", "f1"));
    assertFalse(database.files.delete("b", "f1"));
    assertEquals(List.of(file), database.files.list("a", Optional.empty(), 10).items());
    assertEquals(List.of("f1"), database.files.expire(10));
    assertEquals(Optional.empty(), database.files.find("a", "f1"));
  }

  @Test
  void aTokenIsKeptAsAHashAndCanBeRevoked() {
    database.tokens.add("r8_secret", "a", "first");
    database.tokens.add("r8_secret", "b", "again");
    assertEquals(Optional.of("a"), database.tokens.tenant("r8_secret"));
    assertEquals(Optional.empty(), database.tokens.tenant("r8_other"));
    assertEquals(
        0, database.count("SELECT count(*) FROM tokens t WHERE t::text LIKE '%r8_secret%'"));
    assertTrue(database.tokens.revoke("r8_secret"));
    assertEquals(Optional.empty(), database.tokens.tenant("r8_secret"));
    database.tokens.add("r8_secret", "a", "back");
    assertEquals(Optional.empty(), database.tokens.tenant("r8_secret"));
  }
}
