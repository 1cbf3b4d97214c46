package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Components that come and go make the pictures of those that stay, and only one is there. */
class OffloadTest {
  private static final Path MODEL = PipelineFixture.resource("tiny");

  @Test
  void picturesAreThoseOfAModelThatStays() {
    TextToImage request =
        new TextToImage("a red circle", "", 32, 32, null, 2, new ClassifierFreeGuidance(3, 0), 0)
            .with(new PerturbedAttentionGuidance(2, 0));
    List<Seed> seeds = List.of(Seed.of(1), Seed.of(2));
    try (StableDiffusionPipeline stays = StableDiffusionPipeline.load(MODEL, Device.cpu());
        StableDiffusionPipeline comesAndGoes = offloaded()) {
      for (int run = 0; run < 2; run++) {
        List<GeneratedImage> expected = stays.generate(request, seeds, Progress.SILENT);
        List<GeneratedImage> actual = comesAndGoes.generate(request, seeds, Progress.SILENT);
        for (int i = 0; i < seeds.size(); i++) {
          assertArrayEquals(expected.get(i).latent(), actual.get(i).latent());
          assertArrayEquals(expected.get(i).image().toBytes(), actual.get(i).image().toBytes());
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
              made.add(TorchRuntime.newManager(Device.cpu()));
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
              made.add(TorchRuntime.newManager(Device.cpu()));
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

  @Test
  void adaptersAreRefused() {
    try (StableDiffusionPipeline pipeline = offloaded()) {
      DiffusionException refused =
          assertThrows(
              DiffusionException.class,
              () -> pipeline.adapted(List.of(new Adapter(Path.of("x.safetensors"), 1))));
      assertTrue(refused.getMessage().contains("model offload"), refused.getMessage());
    }
  }

  private static StableDiffusionPipeline offloaded() {
    return StableDiffusionPipeline.offloaded(
        () -> ModelSource.folder(MODEL), Device.cpu(), Precision.FLOAT32);
  }
}
