package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import java.util.List;

/** How the K levels of a U-Net must fit each other: as diffusers can run them. */
final class KLevels {
  private KLevels() {}

  /** Whether a config has K levels; then it has no others. */
  static boolean in(UNetConfig config) {
    return config.downBlockTypes().getFirst().kind().isK();
  }

  /**
   * Whether a level on the way up is the second half of the lowest level, and meets no map of the
   * way down: told by its channels, which are time's, too.
   */
  static boolean continuesTheLowest(UNetConfig config, int position) {
    List<Integer> channels = config.blockOutChannels();
    int index = channels.size() - 1 - position;
    int own = channels.get(index);
    return config.upBlockTypes().get(position) == UpBlockType.KCrossAttnUpBlock2D
        && own == channels.get(Math.max(index - 1, 0))
        && own == TimeConditioning.channels(config);
  }

  /**
   * @throws DiffusionException if K levels stand with others, or do not fit each other
   */
  static void check(UNetConfig config) {
    boolean k = in(config);
    for (int i = 0; i < config.blockOutChannels().size(); i++) {
      if (config.downBlockTypes().get(i).kind().isK() != k
          || config.upBlockTypes().get(i).kind().isK() != k) {
        throw wrong(
            "expected K blocks on all levels or on none",
            config.downBlockTypes() + " and " + config.upBlockTypes());
      }
      boolean isSecondHalf =
          i == 0 && config.downBlockTypes().getLast() == DownBlockType.KCrossAttnDownBlock2D;
      if (k && continuesTheLowest(config, i) != isSecondHalf) {
        throw wrong(
            "expected KCrossAttnUpBlock2D, of as many channels as the next level and as time, just"
                + " where KCrossAttnDownBlock2D ends the way down",
            "%s with block_out_channels %s and %d of time"
                .formatted(
                    config.upBlockTypes(),
                    config.blockOutChannels(),
                    TimeConditioning.channels(config)));
      }
    }
  }

  /**
   * @throws DiffusionException if a map of these sides, or what is left of it on the smallest
   *     level, cannot be halved and doubled
   */
  static void checkSides(UNetConfig config, Shape sample) {
    int multiple = config.sideMultiple();
    long height = sample.get(2);
    long width = sample.get(3);
    boolean fits = height % multiple == 0 && width % multiple == 0;
    if (multiple > 1 && !(fits && Math.min(height, width) >= 2 * multiple)) {
      throw DiffusionException.badInput(
          "sample: expected sides that are multiples of %d, from %d on, got %s"
              .formatted(multiple, 2 * multiple, sample));
    }
  }

  private static DiffusionException wrong(String expected, String got) {
    return DiffusionException.badCheckpoint(
        "UNet2DConditionModel config: up_block_types: %s, got %s".formatted(expected, got));
  }
}
