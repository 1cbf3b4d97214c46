package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.worker.engine.Engine;
import dev.darkroom.worker.engine.GroupKey;
import dev.darkroom.worker.engine.LatentShape;
import dev.darkroom.worker.engine.Row;
import dev.darkroom.worker.engine.RowOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Native memory has no garbage collector: one array kept a step would show here as hundreds of
 * megabytes.
 */
@EnabledOnOs(OS.LINUX)
class FlatMemoryTest {
  private static final int WARM_UP = 200;
  private static final int IMAGES = 1_000;
  private static final long ALLOWED_GROWTH = 48L << 20;
  private static final LatentShape SHAPE = new LatentShape(4, 16, 16);

  @Test
  void aThousandImagesLeaveNoMemoryBehind() throws Exception {
    try (DeviceLanes lanes = new DeviceLanes(2);
        DiffusionModel model =
            DiffusionModel.load(TinyModel.folder(), Device.cpu(), Precision.FLOAT32, lanes)) {
      Engine<ImageRow> engine = new Engine<>(8, new ImageDenoiser(), System::nanoTime);
      generate(model, engine, WARM_UP);
      long before = residentBytes();
      generate(model, engine, IMAGES);
      long growth = residentBytes() - before;

      assertTrue(growth < ALLOWED_GROWTH, () -> "grew by " + (growth >> 20) + " MB");
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

  private static long residentBytes() throws IOException {
    System.gc();
    String status = Files.readString(Path.of("/proc/self/status"));
    String kilobytes = status.lines().filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
    return Long.parseLong(kilobytes.replaceAll("\\D", "")) << 10;
  }
}
