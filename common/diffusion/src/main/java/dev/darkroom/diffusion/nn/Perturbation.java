package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.Map;

/**
 * Self-attention in which, for some rows of a batch, each position sees nothing but itself: their
 * attention map is the identity. Ahn et al. 2024, section 4.2.
 *
 * @param attending by the name of each layer that is perturbed, such as {@code
 *     mid_block.attentions.0.transformer_blocks.0.attn1}: the places of the rows that attend as
 *     ever, [K] int64 of any K from 0 to N
 */
public record Perturbation(Map<String, NDArray> attending) {
  public Perturbation {
    attending = Map.copyOf(attending);
  }
}
