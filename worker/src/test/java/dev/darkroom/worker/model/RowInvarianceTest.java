package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.image.ImageFormat;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.pipeline.Progress;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.worker.engine.Engine;
import dev.darkroom.worker.engine.GroupKey;
import dev.darkroom.worker.engine.LatentShape;
import dev.darkroom.worker.engine.Row;
import dev.darkroom.worker.engine.RowOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A row's image has the same bytes whoever its neighbours are, and whenever they come and go. */
class RowInvarianceTest {
  private static final DeviceLanes LANES = new DeviceLanes(2);
  private static final GroupKey KEY = new GroupKey("tiny", new LatentShape(4, 8, 8));

  private static DiffusionModel model;
  private static StableDiffusionPipeline oracle;

  /** What a row is asked for. */
  private record Request(
      SamplerType sampler, int steps, double guidance, String prompt, long seed) {
    ImageRow start() {
      return model.start(
          KEY.shape(),
          sampler,
          steps,
          new ClassifierFreeGuidance(guidance, 0),
          model.encode(prompt),
          model.encode(""),
          seed);
    }
  }

  private static final List<Request> REQUESTS =
      List.of(
          new Request(SamplerType.DPMPP_2M, 6, 4, "a red apple", 1),
          new Request(SamplerType.EULER, 4, 1, "a blue fish, pink background", 2),
          new Request(SamplerType.DDPM, 5, 7.5, "castle", 3),
          new Request(SamplerType.DDIM, 3, 2, "", 1L << 40),
          new Request(SamplerType.DPMPP_2M_KARRAS, 7, 1, "a red apple", 5),
          new Request(SamplerType.HEUN, 3, 3, "a red apple", 6),
          new Request(SamplerType.KDPM2_ANCESTRAL, 3, 1, "castle", 7),
          new Request(SamplerType.UNIPC, 5, 2, "a blue fish", 8),
          new Request(SamplerType.LCM, 2, 1, "castle", 9));

  @BeforeAll
  static void load() {
    model = DiffusionModel.load(TinyModel.folder(), Device.cpu(), Precision.FLOAT32, LANES);
    oracle = StableDiffusionPipeline.load(TinyModel.folder(), Device.cpu());
  }

  @AfterAll
  static void close() {
    model.close();
    LANES.close();
    oracle.close();
  }

  @Test
  void aRowInABatchEqualsTheRowAlone() {
    List<byte[]> alone = REQUESTS.stream().map(this::alone).toList();
    Engine<ImageRow> engine = engine(8);
    List<Row<ImageRow>> rows = REQUESTS.stream().map(r -> submit(engine, r)).toList();
    while (engine.step()) {}

    for (int i = 0; i < rows.size(); i++) {
      assertArrayEquals(alone.get(i), png(rows.get(i)), "row " + i);
    }
  }

  /**
   * Rows arrive at random times in random order, some leave half-way, under any number of slots.
   */
  @Test
  void rowsThatComeAndGoLeaveTheOthersAsTheyWere() {
    List<byte[]> alone = REQUESTS.stream().map(this::alone).toList();
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 12; round++) {
      Engine<ImageRow> engine = engine(1 + random.nextInt(6));
      List<Integer> waiting = new ArrayList<>(IntStream.range(0, REQUESTS.size()).boxed().toList());
      List<Row<ImageRow>> rows = new ArrayList<>();
      List<Integer> which = new ArrayList<>();
      boolean stepped = true;
      while (!waiting.isEmpty() || stepped) {
        if (!waiting.isEmpty() && (random.nextBoolean() || !stepped)) {
          int next = waiting.remove(random.nextInt(waiting.size()));
          which.add(next);
          rows.add(submit(engine, REQUESTS.get(next)));
        }
        if (!rows.isEmpty() && random.nextInt(8) == 0) {
          rows.get(random.nextInt(rows.size())).cancel();
        }
        stepped = engine.step();
      }
      for (int i = 0; i < rows.size(); i++) {
        if (rows.get(i).outcome().join() instanceof RowOutcome.Finished) {
          assertArrayEquals(
              alone.get(which.get(i)), png(rows.get(i)), "seed " + seed + ", row " + i);
        }
      }
    }
  }

  @Test
  void aRowTakenOutGoesOnFromItsSnapshotToTheSameImage() {
    Request request = REQUESTS.getFirst();
    Engine<ImageRow> first = engine(1);
    Row<ImageRow> row = submit(first, request);
    first.step();
    first.step();
    row.cancel();
    first.step();
    ImageRow snapshot =
        (ImageRow) assertInstanceOf(RowOutcome.Canceled.class, row.outcome().join()).state();
    assertEquals(2, snapshot.step());

    Engine<ImageRow> second = engine(1);
    Row<ImageRow> resumed = second.submit(KEY, snapshot, state -> {});
    while (second.step()) {}

    assertArrayEquals(alone(request), png(resumed));
  }

  @Test
  void previewsComeCloserToTheImage() {
    Engine<ImageRow> engine = engine(1);
    List<byte[]> previews = new ArrayList<>();
    engine.submit(
        KEY,
        REQUESTS.getFirst().start(),
        state -> previews.add(ImageFormat.JPEG.encode(model.preview(state))));
    while (engine.step()) {}

    assertEquals(6, previews.size());
    previews.forEach(preview -> assertTrue(preview.length < 20_000));
  }

  /** What the straight-line pipeline makes of it. */
  private byte[] alone(Request request) {
    TextToImage image =
        new TextToImage(
            request.prompt(),
            "",
            KEY.shape().width() * oracle.factor(),
            KEY.shape().height() * oracle.factor(),
            request.sampler(),
            request.steps(),
            new ClassifierFreeGuidance(request.guidance(), 0),
            0);
    return ImageFormat.PNG.encode(
        oracle
            .generate(image, List.of(Seed.of(request.seed())), Progress.SILENT)
            .getFirst()
            .image());
  }

  private static Engine<ImageRow> engine(int slots) {
    return new Engine<>(slots, new ImageDenoiser(), System::nanoTime);
  }

  private static Row<ImageRow> submit(Engine<ImageRow> engine, Request request) {
    return engine.submit(KEY, request.start(), state -> {});
  }

  private static byte[] png(Row<ImageRow> row) {
    return switch (row.outcome().join()) {
      case RowOutcome.Finished<ImageRow>(ImageRow state) ->
          ImageFormat.PNG.encode(model.decode(state));
      case RowOutcome.Canceled<ImageRow> canceled -> throw new AssertionError("canceled");
      case RowOutcome.Failed<ImageRow>(Throwable cause) -> throw new AssertionError(cause);
    };
  }
}
