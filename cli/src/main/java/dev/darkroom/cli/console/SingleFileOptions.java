package dev.darkroom.cli.console;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.singlefile.Family;
import dev.darkroom.diffusion.singlefile.SingleFile.Reading;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a single file is to be read, where it cannot say so itself. */
public final class SingleFileOptions {
  @Option(
      names = "--family",
      paramLabel = "NAME",
      description = "of a single file: sd1, sd2, sdxl, ...; default: detected")
  private @Nullable String family;

  @Option(
      names = "--prediction-type",
      paramLabel = "TYPE",
      description =
          "what the network predicts: epsilon, v_prediction, sample, flow; default: what the folder"
              + " says or the file shows")
  private @Nullable String predictionType;

  @Option(
      names = "--config",
      paramLabel = "DIR",
      description = "a diffusers folder with the configs of a single file of unusual size")
  private @Nullable Path config;

  /**
   * @param averaged whether to take the moving average of the U-Net's weights
   */
  public Reading reading(boolean averaged) {
    return new Reading(family(), prediction(), config, averaged);
  }

  /** The family that the user names, or null. */
  public @Nullable Family family() {
    return family == null ? null : Family.parse(family);
  }

  /** What the user says that the network predicts, or null. */
  public @Nullable PredictionType prediction() {
    if (predictionType == null) {
      return null;
    }
    for (PredictionType type : PredictionType.values()) {
      if (type.configName().equals(predictionType)
          || (type == PredictionType.FLOW && predictionType.equals("flow"))) {
        return type;
      }
    }
    throw DiffusionException.badInput(
        "--prediction-type: expected epsilon, v_prediction, sample or flow, got " + predictionType);
  }
}
