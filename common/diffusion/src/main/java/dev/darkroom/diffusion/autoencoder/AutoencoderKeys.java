package dev.darkroom.diffusion.autoencoder;

import dev.darkroom.diffusion.checkpoint.KeyMap;

/**
 * What CompVis called the tensors of an autoencoder, below {@code first_stage_model.}. Its decoder
 * counts levels from the largest map, diffusers' from the smallest; its attention is made of
 * convolutions of one pixel, diffusers' of linear layers.
 */
public final class AutoencoderKeys {
  private AutoencoderKeys() {}

  public static KeyMap compVis(AutoencoderConfig config) {
    KeyMap keys = new KeyMap().keep("quant_conv", "post_quant_conv");
    int levels = config.blockOutChannels().size();
    for (String half : new String[] {"encoder", "decoder"}) {
      keys.keep(half + ".conv_in", half + ".conv_out")
          .rename(half + ".norm_out", half + ".conv_norm_out");
      resnet(keys, half + ".mid.block_1", half + ".mid_block.resnets.0");
      attention(keys, half + ".mid.attn_1", half + ".mid_block.attentions.0");
      resnet(keys, half + ".mid.block_2", half + ".mid_block.resnets.1");
    }
    for (int level = 0; level < levels; level++) {
      String down = "encoder.down." + level;
      String downBlock = "encoder.down_blocks." + level;
      for (int layer = 0; layer < config.layersPerBlock(); layer++) {
        resnet(keys, down + ".block." + layer, downBlock + ".resnets." + layer);
        attention(keys, down + ".attn." + layer, downBlock + ".attentions." + layer);
      }
      keys.rename(down + ".downsample.conv", downBlock + ".downsamplers.0.conv");
      String up = "decoder.up." + (levels - 1 - level);
      String upBlock = "decoder.up_blocks." + level;
      for (int layer = 0; layer <= config.layersPerBlock(); layer++) {
        resnet(keys, up + ".block." + layer, upBlock + ".resnets." + layer);
        attention(keys, up + ".attn." + layer, upBlock + ".attentions." + layer);
      }
      keys.rename(up + ".upsample.conv", upBlock + ".upsamplers.0.conv");
    }
    return keys;
  }

  private static void resnet(KeyMap keys, String original, String diffusers) {
    keys.rename(original, diffusers)
        .rename(original + ".nin_shortcut", diffusers + ".conv_shortcut");
  }

  private static void attention(KeyMap keys, String original, String diffusers) {
    keys.rename(original + ".norm", diffusers + ".group_norm")
        .linearAsConvolution(original + ".q", diffusers + ".to_q")
        .linearAsConvolution(original + ".k", diffusers + ".to_k")
        .linearAsConvolution(original + ".v", diffusers + ".to_v")
        .linearAsConvolution(original + ".proj_out", diffusers + ".to_out.0");
  }
}
