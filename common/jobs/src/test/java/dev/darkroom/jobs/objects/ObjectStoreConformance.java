package dev.darkroom.jobs.objects;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What every S3 store behind {@link ObjectStore} must do. */
abstract class ObjectStoreConformance {
  private static final byte[] BYTES = "a red apple".getBytes(UTF_8);

  @TempDir Path folder;
  private ObjectStore store;
  private String prefix;

  abstract ObjectStoreConfig config();

  @BeforeEach
  void connect() {
    store = new ObjectStore(config());
    store.createBucket();
    prefix = "tests/" + JobId.next() + "/";
  }

  @AfterEach
  void disconnect() {
    store.deleteAll(prefix);
    store.close();
  }

  @Test
  void givesBackTheBytesThatWerePut() {
    StoredObject stored = store.put(prefix + "größe 1+2.png", BYTES, "image/png");
    assertEquals(Sha256.of(BYTES), stored.sha256());
    assertArrayEquals(BYTES, store.get(stored.key(), stored.sha256(), 100));
    assertEquals(BYTES.length, store.stat(stored.key()).orElseThrow().size());
  }

  @Test
  void refusesBytesOfAnotherHashOrLength() {
    StoredObject stored = store.put(prefix + "a", BYTES, "text/plain");
    Sha256 other = Sha256.of("other");
    assertCode(ErrorCode.CORRUPT_OBJECT, () -> store.get(stored.key(), other, 100));
    Path target = folder.resolve("a");
    assertCode(
        ErrorCode.CORRUPT_OBJECT, () -> store.download(stored.key(), other, BYTES.length, target));
    assertCode(
        ErrorCode.CORRUPT_OBJECT, () -> store.download(stored.key(), stored.sha256(), 3, target));
    assertNoFiles();
    assertCode(ErrorCode.TOO_LARGE, () -> store.get(stored.key(), BYTES.length - 1));
  }

  @Test
  void carriesAFileOfSeveralParts() throws IOException {
    byte[] bytes = new byte[(17 << 20) + 5];
    new Random(1).nextBytes(bytes);
    Path file = Files.write(folder.resolve("large"), bytes);
    StoredObject stored = store.put(prefix + "large", file, "application/octet-stream");
    assertEquals(Sha256.of(bytes), stored.sha256());
    Path copy = folder.resolve("copy");
    store.download(stored.key(), stored.sha256(), stored.size(), copy);
    assertEquals(-1, Files.mismatch(file, copy));
  }

  @Test
  void storesAStreamOfTheSizeThatWasSaid() {
    StoredObject stored =
        store.put(prefix + "s", new ByteArrayInputStream(BYTES), BYTES.length, "text/plain");
    assertArrayEquals(BYTES, store.get(stored.key(), stored.sha256(), 100));
    assertThrows(
        DarkroomException.class,
        () -> store.put(prefix + "t", new ByteArrayInputStream(BYTES), 1000, "text/plain"));
    assertFalse(store.exists(prefix + "t"));
  }

  @Test
  void readsARange() throws IOException {
    store.put(prefix + "r", BYTES, "text/plain");
    try (InputStream range = store.open(prefix + "r", 2, 3)) {
      assertEquals("red", new String(range.readAllBytes(), UTF_8));
    }
  }

  @Test
  void listsInOrderAndDeletes() {
    for (String name : List.of("b/2", "a", "b/1", "c")) {
      store.put(prefix + name, BYTES, "text/plain");
    }
    assertEquals(
        List.of(prefix + "a", prefix + "b/1", prefix + "b/2", prefix + "c"),
        store.list(prefix).stream().map(ObjectInfo::key).toList());
    assertEquals(2, store.deleteAll(prefix + "b/"));
    store.delete(prefix + "a");
    store.delete(prefix + "a");
    assertEquals(List.of(prefix + "c"), store.list(prefix).stream().map(ObjectInfo::key).toList());
  }

  @Test
  void saysThatAnObjectIsNotThere() {
    assertFalse(store.exists(prefix + "none"));
    assertCode(ErrorCode.NOT_FOUND, () -> store.get(prefix + "none", 100));
    assertCode(ErrorCode.NOT_FOUND, () -> store.open(prefix + "none"));
  }

  @Test
  void letsAnybodyWithThePresignedUrlReadAndNobodyElse() throws Exception {
    store.put(prefix + "p.png", BYTES, "image/png");
    URI url = store.presignedGet(prefix + "p.png", Duration.ofMinutes(5));
    HttpResponse<byte[]> answer = get(url);
    assertEquals(200, answer.statusCode());
    assertArrayEquals(BYTES, answer.body());
    assertEquals("image/png", answer.headers().firstValue("content-type").orElseThrow());
    URI forged = URI.create(url.toString().replace("p.png", "q.png"));
    assertEquals(403, get(forged).statusCode());
    URI bare = URI.create(url.toString().replaceFirst("\\?.*", ""));
    assertEquals(403, get(bare).statusCode());
  }

  @Test
  void saysThatItsKeyIsWrong() {
    ObjectStoreConfig right = config();
    ObjectStoreConfig wrong =
        new ObjectStoreConfig(
            right.endpoint(),
            right.publicEndpoint(),
            right.accessKey(),
            "not-the-secret-key",
            right.bucket(),
            right.region());
    try (ObjectStore stranger = new ObjectStore(wrong)) {
      assertCode(ErrorCode.INTERNAL, () -> stranger.put(prefix + "x", BYTES, "text/plain"));
    }
  }

  private static HttpResponse<byte[]> get(URI url) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofByteArray());
    }
  }

  private void assertNoFiles() {
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(), files.toList());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertCode(ErrorCode code, Executable call) {
    assertEquals(code, assertThrows(DarkroomException.class, call).code());
  }
}
