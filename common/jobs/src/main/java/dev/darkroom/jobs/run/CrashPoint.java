package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.JobId;
import java.util.Locale;

/**
 * Ends the process at a named stage as {@code kill -9} would, for the tests that show that no crash
 * loses or doubles a job. Off unless the system property {@value #PROPERTY} names a stage.
 */
public final class CrashPoint implements StageListener {
  /** {@code delivered}, {@code claimed}, {@code ran}, {@code committed} or {@code settled}. */
  public static final String PROPERTY = "crashpoint";

  private static final int KILLED = 137;

  private final Stage stage;

  private CrashPoint(Stage stage) {
    this.stage = stage;
  }

  /** The crash point that this process was started with, or none. */
  public static StageListener fromSystemProperty() {
    String name = System.getProperty(PROPERTY, "");
    return name.isEmpty()
        ? StageListener.NONE
        : new CrashPoint(Stage.valueOf(name.toUpperCase(Locale.ROOT)));
  }

  @Override
  public void reached(JobId jobId, Stage reached) {
    if (reached == stage) {
      Runtime.getRuntime().halt(KILLED);
    }
  }
}
