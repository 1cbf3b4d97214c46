package dev.darkroom.trainer.starter;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StarterRunsTest {
  /** That of the GPU too, which no machine of the tests could run. */
  @Test
  void theConfigsOfAllRunsAreThereAndAreRead(@TempDir Path work) {
    Main.Build build = new Main.Build();
    build.work = work;
    build.exportOnly = true;
    DarkroomException nothing = assertThrows(DarkroomException.class, build::call);
    assertTrue(
        nothing.getMessage().contains("expected a trained autoencoder"), nothing.getMessage());
  }
}
