package dev.darkroom.diffusion.unet;

import static dev.darkroom.diffusion.unet.ConfigRules.positive;
import static dev.darkroom.diffusion.unet.ConfigRules.require;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link UNetConfig} says of its transformers, its field names in camel case. Lists have one
 * element a level.
 *
 * @param layersPerBlock transformer blocks after the resnets of a level, from the largest map down:
 *     one number for all of them, or one for each
 * @param reverseLayersPerBlock the same on the way up, from the smallest map, where it is not the
 *     mirror image
 * @param attentionType what they attend to beside the context
 */
public record TransformerConfig(
    List<List<Integer>> layersPerBlock,
    @Nullable List<List<Integer>> reverseLayersPerBlock,
    boolean useLinearProjection,
    boolean upcastAttention,
    AttentionType attentionType) {
  private static final String LAYERS = "transformer_layers_per_block";
  private static final String REVERSE = "reverse_" + LAYERS;

  public TransformerConfig {
    layersPerBlock = List.copyOf(layersPerBlock);
    if (reverseLayersPerBlock != null) {
      reverseLayersPerBlock = List.copyOf(reverseLayersPerBlock);
    }
  }

  /**
   * @param index of a level on the way down, from the largest map
   * @param resnet of the level; after the first of the lowest level as many are in the middle, too
   */
  int downDepth(int index, int resnet) {
    return depth(LAYERS, layersPerBlock.get(index), resnet);
  }

  /**
   * @param position of a level on the way up, from the smallest map
   */
  int upDepth(int position, int resnet) {
    if (reverseLayersPerBlock != null) {
      return depth(REVERSE, reverseLayersPerBlock.get(position), resnet);
    }
    List<Integer> told = layersPerBlock.get(layersPerBlock.size() - 1 - position);
    require(
        told.size() == 1,
        "%s: expected a list beside lists in %s, got null".formatted(REVERSE, LAYERS));
    return depth(LAYERS, told, resnet);
  }

  private static int depth(String field, List<Integer> told, int resnet) {
    require(
        told.size() == 1 || resnet < told.size(),
        "%s: expected a number for each resnet of a level, got %s".formatted(field, told));
    int depth = told.get(told.size() == 1 ? 0 : resnet);
    positive(field, depth);
    return depth;
  }
}
