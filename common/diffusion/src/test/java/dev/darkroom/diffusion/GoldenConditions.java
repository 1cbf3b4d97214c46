package dev.darkroom.diffusion;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.unet.Conditions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a golden's model was conditioned on, by the names of diffusers' {@code forward}. */
public final class GoldenConditions {
  private static final String GLIGEN = "cross_attention_kwargs.gligen.";

  private GoldenConditions() {}

  public static Conditions of(Golden golden) {
    Conditions conditions =
        golden.has("encoder_hidden_states")
            ? Conditions.text(golden.tensor("encoder_hidden_states"))
            : Conditions.none();
    if (golden.has("encoder_attention_mask")) {
      conditions = conditions.withContextMask(golden.tensor("encoder_attention_mask"));
    }
    if (golden.has("class_labels")) {
      conditions = conditions.withClassLabels(golden.tensor("class_labels"));
    }
    if (golden.has("timestep_cond")) {
      conditions = conditions.withTimeCondition(golden.tensor("timestep_cond"));
    }
    conditions =
        conditions.withAdded(
            new Conditions.Added(
                find(golden, "added_cond_kwargs.text_embeds"),
                find(golden, "added_cond_kwargs.time_ids"),
                find(golden, "added_cond_kwargs.image_embeds"),
                find(golden, "added_cond_kwargs.hint")));
    if (golden.has(GLIGEN + "boxes")) {
      conditions = conditions.withGrounding(grounding(golden));
    }
    if (golden.has("mid_block_additional_residual")) {
      List<NDArray> down = new ArrayList<>();
      for (int i = 0; golden.has("down_block_additional_residuals." + i); i++) {
        down.add(golden.tensor("down_block_additional_residuals." + i));
      }
      conditions =
          conditions.withResiduals(
              new Conditions.Residuals(down, golden.tensor("mid_block_additional_residual")));
    }
    return conditions;
  }

  private static Conditions.Grounding grounding(Golden golden) {
    List<Conditions.Grounding.Meaning> meanings = new ArrayList<>();
    if (golden.has(GLIGEN + "positive_embeddings")) {
      meanings.add(meaning(golden, "positive_embeddings", "masks"));
    } else {
      meanings.add(meaning(golden, "phrases_embeddings", "phrases_masks"));
      meanings.add(meaning(golden, "image_embeddings", "image_masks"));
    }
    return new Conditions.Grounding(
        golden.tensor(GLIGEN + "boxes"), golden.tensor(GLIGEN + "masks"), meanings);
  }

  private static Conditions.Grounding.Meaning meaning(
      Golden golden, String embeddings, String masks) {
    return new Conditions.Grounding.Meaning(
        golden.tensor(GLIGEN + embeddings), golden.tensor(GLIGEN + masks));
  }

  private static @Nullable NDArray find(Golden golden, String name) {
    return golden.has(name) ? golden.tensor(name) : null;
  }
}
