package dev.darkroom.diffusion.unet;

import dev.darkroom.diffusion.checkpoint.KeyMap;
import java.util.List;

/**
 * What CompVis called the tensors of a U-Net, below {@code model.diffusion_model.}. CompVis counts
 * blocks of the way down, and of the way up, through all levels: {@code input_blocks} are the first
 * convolution, then each level's resnets and its downsampler.
 */
public final class UNetKeys {
  private UNetKeys() {}

  public static KeyMap compVis(UNetConfig config) {
    KeyMap keys = new KeyMap();
    encoder(keys, config);
    int levels = config.blockOutChannels().size();
    int block = 0;
    for (int level = 0; level < levels; level++) {
      String up = "up_blocks." + level;
      boolean attends = config.upBlockTypes().get(level).attends();
      // The way up mirrors the way down, with one resnet more a level.
      int layers = config.layersPerBlock().get(levels - 1 - level) + 1;
      for (int layer = 0; layer < layers; layer++, block++) {
        String original = "output_blocks." + block;
        resnet(keys, original + ".0", up + ".resnets." + layer);
        if (attends) {
          keys.rename(original + ".1", up + ".attentions." + layer);
        }
        if (layer == layers - 1 && level < levels - 1) {
          // It stands behind the attention, where there is one.
          keys.rename(original + (attends ? ".2.conv" : ".1.conv"), up + ".upsamplers.0.conv");
        }
      }
    }
    return keys.rename("out.0", "conv_norm_out").rename("out.2", "conv_out");
  }

  /** The embeddings, the way down and the middle: what a ControlNet shares with its U-Net. */
  public static void encoder(KeyMap keys, UNetConfig config) {
    keys.rename("time_embed.0", "time_embedding.linear_1")
        .rename("time_embed.2", "time_embedding.linear_2")
        .rename("input_blocks.0.0", "conv_in");
    if (config.takesAddedConditions()) {
      keys.rename("label_emb.0.0", "add_embedding.linear_1")
          .rename("label_emb.0.2", "add_embedding.linear_2");
    }
    switch (config.classEmbedding()) {
      case TABLE -> keys.rename("label_emb", "class_embedding");
      case TIMESTEP, PROJECTION ->
          keys.rename("label_emb.0.0", "class_embedding.linear_1")
              .rename("label_emb.0.2", "class_embedding.linear_2");
      case NONE, IDENTITY, SIMPLE_PROJECTION -> {}
    }
    int block = 1;
    for (int level = 0; level < config.blockOutChannels().size(); level++) {
      String down = "down_blocks." + level;
      for (int layer = 0; layer < config.layersPerBlock().get(level); layer++, block++) {
        resnet(keys, "input_blocks." + block + ".0", down + ".resnets." + layer);
        if (config.downBlockTypes().get(level).attends()) {
          keys.rename("input_blocks." + block + ".1", down + ".attentions." + layer);
        }
      }
      if (level < config.blockOutChannels().size() - 1) {
        keys.rename("input_blocks." + block++ + ".0.op", down + ".downsamplers.0.conv");
      }
    }
    if (config.midBlockType() != null) {
      resnet(keys, "middle_block.0", "mid_block.resnets.0");
      keys.rename("middle_block.1", "mid_block.attentions.0");
      resnet(keys, "middle_block.2", "mid_block.resnets.1");
    }
  }

  private static void resnet(KeyMap keys, String original, String diffusers) {
    for (List<String> names :
        List.of(
            List.of(".in_layers.0", ".norm1"),
            List.of(".in_layers.2", ".conv1"),
            List.of(".emb_layers.1", ".time_emb_proj"),
            List.of(".out_layers.0", ".norm2"),
            List.of(".out_layers.3", ".conv2"),
            List.of(".skip_connection", ".conv_shortcut"))) {
      keys.rename(original + names.get(0), diffusers + names.get(1));
    }
  }
}
