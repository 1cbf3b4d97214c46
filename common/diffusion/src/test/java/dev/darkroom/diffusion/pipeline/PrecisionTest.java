package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PrecisionTest {
  private static final Path STARTER = Path.of("../../models/starter");
  private static final Processor OLD = new Processor(Set.of("avx2"));

  /** 35 dB is the bar of what may be chosen for a user who did not ask for it. */
  @ParameterizedTest
  @EnumSource(names = "FLOAT32", mode = EnumSource.Mode.EXCLUDE)
  void picturesOfTheStarterModelKeep35Decibels(Precision precision) {
    assumeTrue(Files.exists(STARTER), () -> STARTER + " is absent");
    Device device = precision == Precision.FLOAT16 ? Device.gpu() : Device.cpu();
    ReducedPrecision.assumeComputed(precision.network(), device);
    assertKeeps35Decibels(picture(Precision.FLOAT32, device), picture(precision, device));
  }

  @Test
  void aGpuMakesThePicturesOfTheCpu() {
    assumeTrue(TorchRuntime.gpus() > 0, "there is no GPU");
    assumeTrue(Files.exists(STARTER), () -> STARTER + " is absent");
    RgbImage expected = picture(Precision.FLOAT32, Device.cpu());
    for (Precision precision : List.of(Precision.FLOAT32, Precision.FLOAT16, Precision.BFLOAT16)) {
      assertKeeps35Decibels(expected, picture(precision, Device.gpu()));
    }
  }

  private static void assertKeeps35Decibels(RgbImage expected, RgbImage actual) {
    double squares = 0;
    byte[] x = expected.toBytes();
    byte[] y = actual.toBytes();
    for (int i = 0; i < x.length; i++) {
      squares += Math.pow((x[i] & 0xff) - (y[i] & 0xff), 2);
    }
    double decibels = 10 * Math.log10(255.0 * 255 * x.length / squares);
    assertTrue(decibels > 35, "expected more than 35 dB, got " + decibels);
    assertTrue(decibels < 60, "expected other numbers than float32's, got " + decibels + " dB");
  }

  private static RgbImage picture(Precision precision, Device device) {
    try (ModelSource source = ModelSource.folder(STARTER);
        StableDiffusionPipeline pipeline =
            StableDiffusionPipeline.load(source, device, precision)) {
      TextToImage request =
          new TextToImage(
              "a red apple on a table",
              "",
              128,
              128,
              null,
              12,
              new ClassifierFreeGuidance(5, 0),
              0);
      return pipeline.generate(request, List.of(Seed.of(3)), Progress.SILENT).getFirst().image();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "avx2, FLOAT32",
    "avx512_vnni, INT8",
    "avx_vnni, INT8",
    "avx512bw avx512vl avx512dq avx512_vnni, INT8",
    "avx512bw avx512vl avx512dq avx512_bf16 avx512_vnni, BFLOAT16",
    "avx512bw avx512vl avx512dq avx512_vnni amx_bf16, BFLOAT16"
  })
  void theFastestDependsOnTheProcessor(String features, Precision expected) {
    Processor processor = new Processor(Set.of(features.split(" ")));
    assertEquals(expected, Precision.parse("auto", processor));
  }

  @Test
  void whatTheProcessorCannotComputeIsRefused() {
    assertRefused("VNNI", "int8");
    assertRefused("AVX-512", "bfloat16");
    assertRefused("GPU", "float16");
    assertRefused("got fp8", "fp8");
    assertEquals(Precision.FLOAT32, Precision.parse("float32", OLD));
  }

  private static void assertRefused(String part, String name) {
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> Precision.parse(name, OLD));
    assertTrue(refused.getMessage().contains(part), refused.getMessage());
  }
}
