package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.objects.ModelCache;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import dev.darkroom.local.embedded.TestServices;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelSourceTest {
  private final DeviceLanes lanes = new DeviceLanes(2);
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  @TempDir Path folder;

  private ObjectStore objects;
  private ModelFiles files;
  private Path model;
  private Path cache;

  @BeforeEach
  void copyTheTinyModel() throws IOException {
    var s3 = TestServices.s3();
    URI endpoint = URI.create(s3.endpoint());
    objects =
        new ObjectStore(
            new ObjectStoreConfig(
                endpoint, endpoint, s3.accessKey(), s3.secretKey(), s3.bucket(), s3.region()));
    files = new ModelFiles(objects);
    model = folder.resolve("model");
    cache = folder.resolve("secret-cache");
    try (Stream<Path> tiny = Files.walk(TinyModel.folder())) {
      tiny.forEach(this::copy);
    }
  }

  @AfterEach
  void close() {
    lanes.close();
    objects.close();
  }

  @Test
  void weightsThatAreCutOffAreNamedByVersionAndFileAndNotByTheWorkersFolder() throws IOException {
    byte[] whole = Files.readAllBytes(model.resolve(UNET));
    Files.write(model.resolve(UNET), Arrays.copyOf(whole, whole.length / 2));
    assertBlamed(UNET);
  }

  @Test
  void aConfigThatIsNoJsonIsNamedToo() throws IOException {
    Files.writeString(model.resolve("vae/config.json"), "<html>");
    assertBlamed("vae/config.json");
  }

  @Test
  void weightsThatAreMissingAreNamedToo() throws IOException {
    Files.delete(model.resolve(UNET));
    assertBlamed("unet");
  }

  @Test
  void bytesThatTheStoreHasLostAreNamedByVersionAndFile() throws IOException {
    Sha256 version = files.upload(model).id();
    Path config = model.resolve("model_index.json");
    objects.put(
        ObjectLayout.blob(Sha256.of(Files.readAllBytes(config))),
        new byte[Math.toIntExact(Files.size(config))],
        "application/json");
    DarkroomException e = assertThrows(DarkroomException.class, () -> load(version));
    assertEquals(ErrorCode.CORRUPT_OBJECT, e.code(), e.getMessage());
    assertTrue(
        e.getMessage().startsWith("model version %s: model_index.json: ".formatted(version)),
        e.getMessage());
    // Other tests of this JVM share the store.
    objects.put(
        ObjectLayout.blob(Sha256.of(Files.readAllBytes(config))), config, "application/json");
  }

  /** bfloat16 has 8 bits of mantissa: what comes out is near, and is something else. */
  @Test
  void modelsComputeInThePrecisionThatWasAskedFor() throws InterruptedException {
    assumeTrue(Processor.here().computesBfloat16(), "this processor computes no bfloat16");
    Sha256 version = files.upload(model).id();
    float[] exact = encoded(version, Precision.FLOAT32);
    float[] rounded = encoded(version, Precision.BFLOAT16);
    double error = 0;
    for (int i = 0; i < exact.length; i++) {
      error = Math.max(error, Math.abs(exact[i] - rounded[i]));
    }
    assertTrue(1e-5 < error && error < 0.1, "error " + error);
  }

  private float[] encoded(Sha256 version, Precision precision) throws InterruptedException {
    try (var loadable = source(precision).find(version.hex());
        DiffusionModel loaded = loadable.load()) {
      return loaded.encode("a red apple");
    }
  }

  private void assertBlamed(String file) {
    Sha256 version = files.upload(model).id();
    DarkroomException e = assertThrows(DarkroomException.class, () -> load(version));
    assertEquals(ErrorCode.CORRUPT_CHECKPOINT, e.code(), e.getMessage());
    assertTrue(e.getMessage().startsWith("model version %s: ".formatted(version)), e.getMessage());
    assertTrue(e.getMessage().contains(file), e.getMessage());
    assertFalse(e.getMessage().contains("secret-cache"), e.getMessage());
  }

  private void load(Sha256 version) throws InterruptedException {
    try (var loadable = source(Precision.FLOAT32).find(version.hex())) {
      loadable.load().close();
    }
  }

  private ModelSource source(Precision precision) {
    return new ModelSource(new ModelCache(files, cache, 1 << 30), Device.cpu(), precision, lanes);
  }

  private void copy(Path from) {
    Path to = model.resolve(TinyModel.folder().relativize(from).toString());
    try {
      if (Files.isDirectory(from)) {
        Files.createDirectories(to);
      } else {
        Files.copy(from, to);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
