package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.image.ImageFile;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/** A kind of model that tiny_pipelines.py wrote, and what diffusers made of it. */
final class PipelineFixture implements AutoCloseable {
  private static final double LATENTS = 2e-3;

  /** Kinds that lie over another one. */
  private static final Map<String, String> BASES =
      Map.of(
          "refiner", "xl",
          "xl-inpaint", "xl",
          "xl-perturbed", "xl",
          "xl-adapted", "xl",
          "xl-edit", "xl",
          "xl-edm", "xl",
          "xl-edit-scaled", "xl-edit");

  private final SafetensorsFile expected;
  private final JsonNode cases;
  private final DiffusionPipeline pipeline;

  private PipelineFixture(SafetensorsFile expected, JsonNode cases, DiffusionPipeline pipeline) {
    this.expected = expected;
    this.cases = cases;
    this.pipeline = pipeline;
  }

  /**
   * @param folder where the model is put together
   */
  static PipelineFixture open(String kind, Path folder) {
    return open(resource("variants/" + kind + ".safetensors"), assemble(kind, folder));
  }

  /** A model and what diffusers made of it. */
  static PipelineFixture open(Path made, Path model) {
    SafetensorsFile expected = SafetensorsFile.open(made);
    try {
      JsonNode cases = new ObjectMapper().readTree(expected.metadata().get("cases"));
      return new PipelineFixture(expected, cases, DiffusionPipeline.load(model, TestDevice.get()));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A model folder: the parts of ../clip and ../tiny, then the kind's own over them. */
  static Path assemble(String kind, Path folder) {
    copy(resource("clip"), folder);
    copy(resource("tiny/unet"), folder.resolve("unet"));
    copy(resource("tiny/vae"), folder.resolve("vae"));
    copyVariant(kind, folder);
    return folder;
  }

  private static void copyVariant(String kind, Path folder) {
    String base = BASES.get(kind);
    if (base != null) {
      copyVariant(base, folder);
    }
    Path own = resource("variants/" + kind);
    if (Files.isDirectory(own.resolve("tokenizer"))) {
      remove(folder.resolve("tokenizer")); // the files of another class do not mix
    }
    copy(own, folder);
  }

  JsonNode cases() {
    return cases;
  }

  DiffusionPipeline pipeline() {
    return pipeline;
  }

  /** The latents that a case begins with. */
  float[] start(int index) {
    try (NDManager manager = TorchRuntime.newManager(TestDevice.get())) {
      return expected.read(index + ".start", manager).toFloatArray();
    }
  }

  /** Each case as a test that makes its picture and holds it against diffusers'. */
  Stream<DynamicTest> tests(BiFunction<JsonNode, Integer, GeneratedImage> generate) {
    return IntStream.range(0, cases.size())
        .mapToObj(
            i ->
                DynamicTest.dynamicTest(
                    cases.get(i).toString(), () -> assertSame(i, generate.apply(cases.get(i), i))))
        .onClose(this::close);
  }

  /** One picture of one seed. */
  GeneratedImage generate(Request request, Seed seed) {
    return ((StableDiffusionPipeline) pipeline)
        .generate(request, List.of(seed), Progress.SILENT)
        .getFirst();
  }

  /** Holds a picture against what diffusers made in a case. */
  void assertSame(int index, GeneratedImage image) {
    try (NDManager manager = TorchRuntime.newManager(TestDevice.get())) {
      float[] latents = expected.read(index + ".latents", manager).toFloatArray();
      assertEquals(latents.length, image.latent().length);
      float largest = 0;
      for (float value : latents) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int k = 0; k < latents.length; k++) {
        assertEquals(latents[k], image.latent()[k], LATENTS * Math.min(1, largest), "latent " + k);
      }
      long[] pixels = expected.read(index + ".pictures", manager).toLongArray();
      byte[] rgb = image.image().toBytes();
      assertEquals(pixels.length, rgb.length);
      double difference = 0;
      for (int k = 0; k < rgb.length; k++) {
        difference += Math.abs(pixels[k] - (rgb[k] & 0xff));
      }
      assertTrue(difference / rgb.length < 0.1, "pictures are off by " + difference / rgb.length);
    }
  }

  static RgbImage picture(String name) {
    try {
      return ImageFile.decode(Files.readAllBytes(resource("variants/" + name + ".png")), 1_000_000);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How far around its mask a case crops; null where it does not. */
  static @Nullable Integer maskPadding(JsonNode asked) {
    return asked.has("padding_mask_crop") ? asked.get("padding_mask_crop").intValue() : null;
  }

  private static void remove(Path place) {
    try (Stream<Path> paths = Files.walk(place)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void copy(Path from, Path to) {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else {
          Files.copy(path, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path resource(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(PipelineFixture.class.getResource("/pipelines/" + name), name)
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    pipeline.close();
    expected.close();
  }
}
