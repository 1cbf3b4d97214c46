package dev.darkroom.gateway.wiring;

import dev.darkroom.gateway.dispatch.DispatchStage;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Ends the process, as a power cut would, at the stage that the system property {@value #PROPERTY}
 * names: {@code after-take} or {@code after-publish}. For tests of what survives.
 */
final class Crashpoint {
  private static final String PROPERTY = "crashpoint";
  private static final int KILLED = 137;

  private Crashpoint() {}

  static Consumer<DispatchStage> configured() {
    String point = System.getProperty(PROPERTY, "");
    return stage -> {
      if (stage.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(point)) {
        Runtime.getRuntime().halt(KILLED);
      }
    };
  }
}
