package dev.darkroom.worker.wiring;

import dev.darkroom.jobs.process.ProcessConfig;
import io.quarkus.runtime.annotations.StaticInitSafe;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.OptionalLong;

/** What a worker is told by its environment. */
@StaticInitSafe
@ConfigMapping(prefix = "darkroom")
public interface WorkerConfig extends ProcessConfig {
  Worker worker();

  interface Worker {
    /** Rows denoised together. */
    @WithDefault("8")
    int slots();

    /** Forwards that share a CPU's cores; 2 are the rows of one guided image. */
    @WithDefault("2")
    int lanes();

    /** What models compute with, by PyTorch's name, or {@code auto}, the fastest on the device. */
    @WithDefault("float32")
    String dtype();

    /** Bytes that loaded models may hold; half of the machine's memory where absent. */
    OptionalLong modelMemory();
  }
}
