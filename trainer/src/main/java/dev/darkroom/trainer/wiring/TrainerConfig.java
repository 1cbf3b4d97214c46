package dev.darkroom.trainer.wiring;

import dev.darkroom.jobs.process.ProcessConfig;
import io.quarkus.runtime.annotations.StaticInitSafe;
import io.smallrye.config.ConfigMapping;
import java.util.OptionalInt;

/** What a trainer is told by its environment. */
@StaticInitSafe
@ConfigMapping(prefix = "darkroom")
public interface TrainerConfig extends ProcessConfig {
  Trainer trainer();

  interface Trainer {
    /** Threads of each tensor operation; as many as there are processors where absent. */
    OptionalInt threads();
  }
}
