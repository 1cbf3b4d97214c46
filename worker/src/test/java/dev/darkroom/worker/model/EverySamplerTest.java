package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.jobs.spec.SchedulerName;
import dev.darkroom.worker.engine.Engine;
import dev.darkroom.worker.engine.GroupKey;
import dev.darkroom.worker.engine.LatentShape;
import dev.darkroom.worker.engine.Row;
import dev.darkroom.worker.engine.RowOutcome;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every name that a request may give, in one engine: also those that ask the network twice a step.
 */
class EverySamplerTest {
  private static final DeviceLanes LANES = new DeviceLanes(2);
  private static final GroupKey KEY = new GroupKey("tiny", new LatentShape(4, 8, 8));
  private static final int STEPS = 4;

  private static DiffusionModel model;

  @BeforeAll
  static void load() {
    model = DiffusionModel.load(TinyModel.folder(), Device.cpu(), Precision.FLOAT32, LANES);
  }

  @AfterAll
  static void close() {
    model.close();
    LANES.close();
  }

  @Test
  void paintsAFinitePictureInItsNumberOfCalls() {
    Engine<ImageRow> engine =
        new Engine<>(SchedulerName.values().length, new ImageDenoiser(), System::nanoTime);
    Map<SchedulerName, Row<ImageRow>> rows = new EnumMap<>(SchedulerName.class);
    for (SchedulerName name : SchedulerName.values()) {
      rows.put(name, engine.submit(KEY, start(SamplerType.parse(name.shortName())), row -> {}));
    }
    while (engine.step()) {}

    rows.forEach(
        (name, row) -> {
          RowOutcome.Finished<?> finished =
              assertInstanceOf(RowOutcome.Finished.class, row.outcome().join(), name.shortName());
          ImageRow last = assertInstanceOf(ImageRow.class, finished.state());
          assertEquals(calls(name), last.step(), name.shortName());
          for (float value : last.state().sample()) {
            assertTrue(Float.isFinite(value), name.shortName());
          }
        });
  }

  private static ImageRow start(SamplerType sampler) {
    float[] prompt = model.encode("castle");
    return model.start(
        KEY.shape(), sampler, STEPS, new ClassifierFreeGuidance(1, 0), prompt, prompt, 3);
  }

  private static int calls(SchedulerName name) {
    return switch (name) {
      case HEUN, KDPM2, KDPM2_ANCESTRAL, DPMPP_SDE, DPMPP_SDE_KARRAS -> 2 * STEPS - 1;
      case PNDM -> STEPS + 9;
      case DDIM,
          DDPM,
          LMS,
          EULER,
          EULER_ANCESTRAL,
          DPMPP_2M,
          DPMPP_2M_KARRAS,
          DPMPP_2M_SDE,
          DPMPP_2M_SDE_KARRAS,
          DPMPP_2S,
          DEIS,
          UNIPC,
          LCM,
          TCD ->
          STEPS;
    };
  }
}
