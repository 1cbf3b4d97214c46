package dev.darkroom.diffusion.autoencoder;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.Activation;
import java.util.List;

/**
 * The levels of an encoder and its decoder, as the configs of AutoencoderKL and VQModel both
 * describe them.
 *
 * @param channels of each level, from the largest map down; the image shrinks by 2 between levels
 * @param down whether each level of the encoder attends
 * @param up whether each level of the decoder attends, from the smallest map up
 * @param layersPerBlock resnets of an encoder level; a decoder level has one more
 * @param normGroups of every group norm
 * @param midAttends whether the middle attends
 * @param activation of every resnet
 */
record Levels(
    List<Integer> channels,
    List<DownBlock> down,
    List<UpBlock> up,
    int layersPerBlock,
    int normGroups,
    boolean midAttends,
    Activation activation) {

  Levels {
    channels = List.copyOf(channels);
    down = List.copyOf(down);
    up = List.copyOf(up);
    int count = channels.size();
    require(count > 0 && count <= 10, "block_out_channels: expected 1 to 10 levels, got " + count);
    require(
        down.size() == count && up.size() == count,
        "down_block_types and up_block_types: expected %d of each, as block_out_channels has, got %d and %d"
            .formatted(count, down.size(), up.size()));
    positive("layers_per_block", layersPerBlock);
    positive("norm_num_groups", normGroups);
    for (int width : channels) {
      positive("block_out_channels", width);
      require(
          width % normGroups == 0,
          "block_out_channels: expected multiples of norm_num_groups %d, got %d"
              .formatted(normGroups, width));
    }
  }

  /** Pixels of the image for each position of the latent, in each direction. */
  int factor() {
    return 1 << (channels.size() - 1);
  }

  static void positive(String field, int value) {
    require(value > 0 && value <= 1 << 20, field + ": expected a positive number, got " + value);
  }

  static void require(boolean holds, String message) {
    if (!holds) {
      throw DiffusionException.badCheckpoint("autoencoder config: " + message);
    }
  }
}
