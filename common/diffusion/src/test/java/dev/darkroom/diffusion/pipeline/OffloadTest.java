package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.adapter.Lora;
import dev.darkroom.diffusion.adapter.LoraBase;
import dev.darkroom.diffusion.adapter.MergedParameters;
import dev.darkroom.diffusion.adapter.MergedParameters.Merge;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.CheckpointParameters;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.ShapeParameters;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Components that come and go make the pictures of those that stay, and only one is there. */
class OffloadTest {
  private static final Path MODEL = PipelineFixture.resource("tiny");

  @Test
  void picturesAreThoseOfAModelThatStays() {
    TextToImage request =
        new TextToImage("a red circle", "", 32, 32, null, 2, new ClassifierFreeGuidance(3, 0), 0)
            .with(new PerturbedAttentionGuidance(2, 0));
    List<Seed> seeds = List.of(Seed.of(1), Seed.of(2));
    try (StableDiffusionPipeline stays = StableDiffusionPipeline.load(MODEL, TestDevice.get());
        StableDiffusionPipeline comesAndGoes = offloaded()) {
      for (int run = 0; run < 2; run++) {
        List<GeneratedImage> expected = stays.generate(request, seeds, Progress.SILENT);
        List<GeneratedImage> actual = comesAndGoes.generate(request, seeds, Progress.SILENT);
        for (int i = 0; i < seeds.size(); i++) {
          assertSamePicture(expected.get(i), actual.get(i));
        }
      }
    }
  }

  @Test
  void onlyThePartInUseIsInMemory() {
    List<NDManager> made = new ArrayList<>();
    OffloadedPart.Seat seat =
        new OffloadedPart.Seat(
            () -> {
              made.add(TorchRuntime.newManager(TestDevice.get()));
              return made.getLast();
            });
    Part<NDManager> first = new OffloadedPart<>(seat, owner -> owner);
    Part<NDManager> second = new OffloadedPart<>(seat, owner -> owner);
    assertFalse(made.get(0).isOpen());
    assertTrue(made.get(1).isOpen());

    assertSame(made.get(1), second.use(owner -> owner));
    assertEquals(2, made.size());
    assertTrue(first.use(NDManager::isOpen));
    assertFalse(made.get(1).isOpen());
    assertEquals(3, made.size());

    seat.close();
    assertFalse(made.get(2).isOpen());
    assertTrue(first.use(NDManager::isOpen));
    seat.close();
  }

  @Test
  void aPartThatCannotBeLoadedLeavesNothingBehind() {
    List<NDManager> made = new ArrayList<>();
    OffloadedPart.Seat seat =
        new OffloadedPart.Seat(
            () -> {
              made.add(TorchRuntime.newManager(TestDevice.get()));
              return made.getLast();
            });
    assertThrows(
        DiffusionException.class,
        () ->
            new OffloadedPart<NDManager>(
                seat,
                owner -> {
                  throw DiffusionException.badCheckpoint("broken");
                }));
    seat.close();
    assertFalse(made.getFirst().isOpen());
  }

  /** Each of the three networks is another one each time that it comes. */
  @Test
  void adaptersActOnEveryPartThatComesBack(@TempDir Path folder) {
    PipelineFixture.assemble("xl-adapted", folder);
    TextToImage request =
        new TextToImage("a red apple", "", 32, 32, null, 2, new ClassifierFreeGuidance(3, 0), 0);
    List<Adapter> adapters =
        List.of(
            new Adapter(folder.resolve("kohya.safetensors"), 0.6),
            new Adapter(folder.resolve("peft.safetensors"), 1));
    try (StableDiffusionPipeline stays = resident(folder);
        StableDiffusionPipeline comesAndGoes = offloaded(folder)) {
      GeneratedImage plain = only(stays, request);
      StableDiffusionPipeline adapted = comesAndGoes.adapted(adapters);
      GeneratedImage expected = only(stays.adapted(adapters), request);
      assertFalse(Arrays.equals(plain.latent(), expected.latent()));
      for (int run = 0; run < 2; run++) {
        assertSamePicture(expected, only(adapted, request));
        assertSamePicture(plain, only(comesAndGoes, request));
      }
    }
  }

  /** Merged into a part's weights as they are read, they are there each time. */
  @Test
  void adaptersMergedIntoAPartComeBackWithIt() {
    Path unet = PipelineFixture.resource("tiny/unet");
    try (OffloadedPart.Seat seat =
            new OffloadedPart.Seat(() -> TorchRuntime.newManager(TestDevice.get()));
        NDManager stays = TorchRuntime.newManager(TestDevice.get())) {
      Part<UNet2DConditionModel> merged = new OffloadedPart<>(seat, owner -> merged(unet, owner));
      Part<NDManager> other = new OffloadedPart<>(seat, owner -> owner);
      float[] expected = predicted(merged(unet, stays));
      for (int run = 0; run < 2; run++) {
        other.use(NDManager::isOpen);
        assertArrayEquals(expected, merged.use(OffloadTest::predicted));
      }
    }
  }

  private static UNet2DConditionModel merged(Path folder, NDManager owner) {
    UNetConfig config = UNetConfig.of(ComponentFolder.config(folder));
    LoraBase base =
        LoraBase.of(
            new UNet2DConditionModel(
                config, new ShapeParameters(owner, key -> true), Execution.INFERENCE));
    Path file = PipelineFixture.resource("variants/adapted/subject.safetensors");
    try (Checkpoint weights = Checkpoint.open(folder);
        Lora lora = Lora.open(file)) {
      Merge merge = new Merge(lora.read(List.of(base), owner).of(base), 0.6);
      return new UNet2DConditionModel(
          config,
          new MergedParameters(new CheckpointParameters(weights, owner), List.of(merge)),
          Execution.INFERENCE);
    }
  }

  private static float[] predicted(UNet2DConditionModel unet) {
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open();
        NDManager call = TorchRuntime.newManager(TestDevice.get())) {
      Conditions conditions =
          Conditions.text(call.ones(new Shape(1, 7, unet.config().contextChannels())));
      NDArray sample = call.ones(new Shape(1, 4, 8, 8));
      return unet.forward(sample, call.create(new long[] {500}), conditions).toFloatArray();
    }
  }

  private static GeneratedImage only(StableDiffusionPipeline pipeline, Request request) {
    return pipeline.generate(request, List.of(Seed.of(1)), Progress.SILENT).getFirst();
  }

  private static void assertSamePicture(GeneratedImage expected, GeneratedImage actual) {
    assertArrayEquals(expected.latent(), actual.latent());
    assertArrayEquals(expected.image().toBytes(), actual.image().toBytes());
  }

  private static StableDiffusionPipeline offloaded() {
    return offloaded(MODEL);
  }

  private static StableDiffusionPipeline offloaded(Path folder) {
    return StableDiffusionPipeline.offloaded(
        () -> ModelSource.folder(folder), TestDevice.get(), Precision.FLOAT32);
  }

  private static StableDiffusionPipeline resident(Path folder) {
    try (ModelSource source = ModelSource.folder(folder)) {
      return StableDiffusionPipeline.load(source, TestDevice.get(), Precision.FLOAT32);
    }
  }
}
