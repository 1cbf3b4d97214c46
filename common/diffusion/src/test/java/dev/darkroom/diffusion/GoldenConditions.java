package dev.darkroom.diffusion;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.unet.Conditions;
import java.util.ArrayList;
import java.util.List;

/** What a golden's model was conditioned on, by the names of diffusers' {@code forward}. */
public final class GoldenConditions {
  private GoldenConditions() {}

  public static Conditions of(Golden golden) {
    Conditions conditions = Conditions.text(golden.tensor("encoder_hidden_states"));
    if (golden.has("encoder_attention_mask")) {
      conditions = conditions.withContextMask(golden.tensor("encoder_attention_mask"));
    }
    if (golden.has("class_labels")) {
      conditions = conditions.withClassLabels(golden.tensor("class_labels"));
    }
    if (golden.has("timestep_cond")) {
      conditions = conditions.withTimeCondition(golden.tensor("timestep_cond"));
    }
    if (golden.has("added_cond_kwargs.text_embeds")) {
      conditions =
          conditions.withAdded(
              new Conditions.Added(
                  golden.tensor("added_cond_kwargs.text_embeds"),
                  golden.tensor("added_cond_kwargs.time_ids")));
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
}
