package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.UnconditionalPipeline;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether the network sees a large picture whole or through windows. */
final class WindowOptions {
  @Option(
      names = "--window",
      paramLabel = "PIXELS",
      description =
          "denoise a picture larger than this in overlapping windows of this side, in the memory"
              + " of one; --memory vae-tiling bounds that of the autoencoder")
  private @Nullable Integer side;

  @Option(
      names = "--window-overlap",
      paramLabel = "PIXELS",
      description = "what a window shares with the next; default: half of it")
  private @Nullable Integer overlap;

  /** Refuses what no model could do, before one is loaded. */
  void check() {
    if (overlap != null && side == null) {
      throw DiffusionException.badInput("--window-overlap: expected a --window with it, got none");
    }
  }

  /** The model, looking through windows where they are asked for; closing either closes both. */
  StableDiffusionPipeline apply(StableDiffusionPipeline pipeline) {
    return side == null ? pipeline : pipeline.windowed(side, overlap(side, pipeline.factor()));
  }

  UnconditionalPipeline apply(UnconditionalPipeline pipeline) {
    return side == null ? pipeline : pipeline.windowed(side, overlap(side, pipeline.factor()));
  }

  private int overlap(int window, int factor) {
    return overlap == null ? window / 2 / factor * factor : overlap;
  }
}
