package dev.darkroom.diffusion.controlnet;

import dev.darkroom.diffusion.checkpoint.KeyMap;
import dev.darkroom.diffusion.unet.UNetConfig;
import dev.darkroom.diffusion.unet.UNetKeys;

/** What lllyasviel's cldm called the tensors of a ControlNet, below {@code control_model.}. */
public final class ControlNetKeys {
  private ControlNetKeys() {}

  public static KeyMap cldm(ControlNetConfig config) {
    UNetConfig unet = config.unet();
    KeyMap keys = new KeyMap();
    UNetKeys.encoder(keys, unet);
    // Convolutions and activations take turns: the last of n blocks is followed by conv_out.
    int blocks = 2 * (config.conditioningEmbeddingOutChannels().size() - 1);
    keys.rename("input_hint_block.0", "controlnet_cond_embedding.conv_in");
    for (int i = 0; i < blocks; i++) {
      keys.rename("input_hint_block." + 2 * (i + 1), "controlnet_cond_embedding.blocks." + i);
    }
    keys.rename("input_hint_block." + 2 * (blocks + 1), "controlnet_cond_embedding.conv_out");
    int levels = unet.blockOutChannels().size();
    int outputs = levels + unet.layersPerBlock().stream().mapToInt(Integer::intValue).sum();
    for (int i = 0; i < outputs; i++) {
      keys.rename("zero_convs." + i + ".0", "controlnet_down_blocks." + i);
    }
    return keys.rename("middle_block_out.0", "controlnet_mid_block");
  }
}
