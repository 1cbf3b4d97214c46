package dev.darkroom.jobs.objects;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.Sha256;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCacheTest {
  private static final int SIZE = 1 << 20;

  @TempDir Path folder;
  private ObjectStore objects;
  private ModelFiles files;

  @BeforeEach
  void connect() {
    objects = TestObjects.embedded();
    files = new ModelFiles(objects);
  }

  @AfterEach
  void disconnect() {
    objects.close();
  }

  @Test
  void namesAVersionByItsContent() throws IOException {
    Manifest one = ModelFiles.scan(model("one", 1, 2));
    assertEquals(one.id(), ModelFiles.scan(model("same", 1, 2)).id());
    assertNotEquals(one.id(), ModelFiles.scan(model("other", 1, 3)).id());
    assertEquals(one, Json.read(new String(one.bytes(), StandardCharsets.UTF_8), Manifest.class));
    assertEquals(
        List.of("model_index.json", "unet/weights", "vae/weights"),
        one.files().stream().map(Manifest.Entry::path).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "/etc/passwd", "a//b", "a/../b", "", ".hidden", "a\\b", "a/./b"})
  void refusesAPathThatIsNotPlain(String path) {
    DarkroomException e =
        assertThrows(DarkroomException.class, () -> new Manifest.Entry(path, 1, Sha256.of("x")));
    assertEquals(ErrorCode.INVALID_INPUT, e.code());
  }

  @Test
  void uploadsWhatIsMissingAndBringsItBack() throws IOException {
    Path model = model("m", 1, 2);
    Manifest manifest = files.upload(model);
    String shared = ObjectLayout.blob(manifest.files().getLast().sha256());
    ObjectInfo before = objects.stat(shared).orElseThrow();
    files.upload(model("n", 5, 2));
    assertEquals(before, objects.stat(shared).orElseThrow());
    ModelCache cache = cache(Long.MAX_VALUE / 2);
    try (ModelCache.Held held = cache.open(manifest.id())) {
      for (Manifest.Entry file : manifest.files()) {
        assertEquals(
            -1, Files.mismatch(model.resolve(file.path()), held.folder().resolve(file.path())));
      }
    }
  }

  @Test
  void removesTheVersionOfTheOldestUseButNoneInUse() throws IOException {
    Sha256 first = files.upload(model("a", 11, 12)).id();
    Sha256 second = files.upload(model("b", 21, 22)).id();
    Sha256 third = files.upload(model("c", 31, 32)).id();
    ModelCache cache = cache(5L * SIZE);
    ModelCache.Held held = cache.open(first);
    cache.open(second).close();
    cache.open(third).close();
    assertTrue(Files.exists(held.folder().resolve("unet/weights")));
    assertEquals(sorted(first, third), versions());
    held.close();
    cache.open(second).close();
    assertEquals(sorted(second, third), versions());
    assertTrue(blobBytes() <= 5L * SIZE, blobBytes() + " bytes");
  }

  @Test
  void keepsTheBytesThatVersionsShareOnce() throws IOException {
    ModelCache cache = cache(100L * SIZE);
    cache.open(files.upload(model("a", 41, 42)).id()).close();
    cache.open(files.upload(model("b", 43, 42)).id()).close();
    assertTrue(blobBytes() < 3L * SIZE + 1000, blobBytes() + " bytes");
  }

  @Test
  void neverShowsAVersionWhoseBlobIsDamaged() throws IOException {
    Manifest manifest = files.upload(model("a", 51, 52));
    byte[] damaged = new byte[SIZE];
    objects.put(ObjectLayout.blob(manifest.files().getLast().sha256()), damaged, "x/y");
    ModelCache cache = cache(100L * SIZE);
    DarkroomException e = assertThrows(DarkroomException.class, () -> cache.open(manifest.id()));
    assertEquals(ErrorCode.CORRUPT_OBJECT, e.code());
    assertEquals(List.of(), versions());
  }

  @Test
  void manyThreadsOpenTheSameVersionsAtOnce() throws Exception {
    List<Sha256> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ids.add(files.upload(model("m" + i, 60 + i, 70)).id());
    }
    ModelCache cache = cache(3L * SIZE);
    List<Callable<Void>> readers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Random random = new Random(i);
      readers.add(
          () -> {
            for (int round = 0; round < 6; round++) {
              int index = random.nextInt(3);
              try (ModelCache.Held held = cache.open(ids.get(index))) {
                assertEquals(SIZE, Files.size(held.folder().resolve("unet/weights")));
                assertEquals(SIZE, Files.size(held.folder().resolve("vae/weights")));
              }
            }
            return null;
          });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
      for (Future<Void> end : threads.invokeAll(readers)) {
        end.get();
      }
    }
  }

  @Test
  void anotherProcessDoesNotRemoveWhatThisOneUses() throws Exception {
    Sha256 mine = files.upload(model("mine", 81, 82)).id();
    Sha256 theirs = files.upload(model("theirs", 91, 92)).id();
    ModelCache cache = cache(1);
    try (ModelCache.Held held = cache.open(mine)) {
      ObjectStoreConfig s3 = TestObjects.config();
      Process other =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  OtherProcess.class.getName(),
                  s3.endpoint().toString(),
                  s3.accessKey(),
                  s3.secretKey(),
                  folder.resolve("cache").toString(),
                  theirs.hex())
              .inheritIO()
              .start();
      assertTrue(other.waitFor(60, TimeUnit.SECONDS));
      assertEquals(0, other.exitValue());
      assertTrue(Files.exists(held.folder().resolve("unet/weights")));
      assertEquals(sorted(mine, theirs), versions());
    }
  }

  /** Opens one version in a cache that has room for none. */
  static final class OtherProcess {
    private OtherProcess() {}

    public static void main(String[] args) {
      URI endpoint = URI.create(args[0]);
      try (ObjectStore objects =
          new ObjectStore(
              new ObjectStoreConfig(
                  endpoint, endpoint, args[1], args[2], "darkroom", "us-east-1"))) {
        new ModelCache(new ModelFiles(objects), Path.of(args[3]), 1)
            .open(new Sha256(args[4]))
            .close();
      }
      System.exit(0);
    }
  }

  private ModelCache cache(long maxBytes) {
    return new ModelCache(files, folder.resolve("cache"), maxBytes);
  }

  private List<String> versions() throws IOException {
    try (Stream<Path> found = Files.list(folder.resolve("cache/versions"))) {
      return found.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static List<String> sorted(Sha256... versions) {
    return Stream.of(versions).map(Sha256::hex).sorted().toList();
  }

  private long blobBytes() throws IOException {
    long bytes = 0;
    try (Stream<Path> found = Files.list(folder.resolve("cache/blobs"))) {
      for (Path blob : found.toList()) {
        assertFalse(blob.toString().endsWith(".partial"), blob.toString());
        bytes += Files.size(blob);
      }
    }
    return bytes;
  }

  private Path model(String name, int unet, int vae) throws IOException {
    Path model = folder.resolve("models").resolve(name);
    Files.createDirectories(model.resolve("unet"));
    Files.createDirectories(model.resolve("vae"));
    Files.writeString(model.resolve("model_index.json"), "{\"unet\":" + unet + "}");
    Files.write(model.resolve("unet/weights"), bytes(unet));
    Files.write(model.resolve("vae/weights"), bytes(vae));
    Files.writeString(model.resolve(".gitattributes"), "not part of the model");
    return model;
  }

  private static byte[] bytes(int seed) {
    byte[] bytes = new byte[SIZE];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
