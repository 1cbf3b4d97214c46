package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.kernels.NativeHeap;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.worker.engine.Engine;
import dev.darkroom.worker.engine.GroupKey;
import dev.darkroom.worker.engine.LatentShape;
import dev.darkroom.worker.engine.Row;
import dev.darkroom.worker.engine.RowOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/**
 * Native memory has no garbage collector: one layer's output kept a forward would show here as tens
 * of megabytes. What the JVM's compilers take and give back meanwhile is a few.
 */
class FlatMemoryTest {
  private static final int WARM_UP = 200;
  private static final int WINDOWS = 3;
  private static final int IMAGES = 336;
  private static final long ALLOWED_GROWTH = 8L << 20;
  private static final LatentShape SHAPE = new LatentShape(4, 16, 16);

  /**
   * A leak adds to every window of images; a cache that fills or a thread that gets its arena adds
   * to one. So the window that grew least tells.
   */
  @Test
  void aThousandImagesLeaveNoMemoryBehind() {
    try (DeviceLanes lanes = new DeviceLanes(2);
        DiffusionModel model =
            DiffusionModel.load(TinyModel.folder(), Device.cpu(), Precision.FLOAT32, lanes)) {
      Engine<ImageRow> engine = new Engine<>(8, new ImageDenoiser(), System::nanoTime);
      generate(model, engine, WARM_UP);
      long leastGrown = Long.MAX_VALUE;
      for (int window = 0; window < WINDOWS; window++) {
        long allocated = allocatedBytes();
        generate(model, engine, IMAGES);
        leastGrown = Math.min(leastGrown, allocatedBytes() - allocated);
      }
      long grown = leastGrown;
      assertTrue(grown < ALLOWED_GROWTH, () -> "native memory grew by " + grown + " bytes");
    }
  }

  private static void generate(DiffusionModel model, Engine<ImageRow> engine, int images) {
    for (int done = 0; done < images; done += 8) {
      List<Row<ImageRow>> rows = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        ImageRow start =
            model.start(
                SHAPE,
                SamplerType.DPMPP_2M,
                2 + i % 2,
                new ClassifierFreeGuidance(i % 3, 0),
                model.encode("picture " + (done + i)),
                model.encode(""),
                done + i);
        rows.add(engine.submit(new GroupKey("tiny", SHAPE), start, model::preview));
      }
      while (engine.step()) {}
      for (Row<ImageRow> row : rows) {
        RowOutcome.Finished<?> finished =
            assertInstanceOf(RowOutcome.Finished.class, row.outcome().join());
        model.decode((ImageRow) finished.state());
      }
    }
  }

  private static long allocatedBytes() {
    OptionalLong bytes = NativeHeap.allocatedBytes();
    assumeTrue(bytes.isPresent(), "skipped: this C library does not tell what is allocated");
    return bytes.getAsLong();
  }
}
