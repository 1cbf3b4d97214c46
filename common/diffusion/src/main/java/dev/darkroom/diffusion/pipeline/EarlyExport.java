package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.schedule.SchedulerConfig;

/**
 * What a pipeline of diffusers corrects in a scheduler's configuration, because an early export may
 * have got it wrong. The model's own scheduler is corrected where the file is silent, too; another
 * one then has the defaults of its class.
 */
enum EarlyExport {
  /** Text to image and image to image: {@code steps_offset} is 1, nothing is clipped. */
  TEXT {
    @Override
    SchedulerConfig correct(SchedulerConfig config, boolean own) {
      boolean clips = own || config.flag("clip_sample", false);
      SchedulerConfig offset = withOffset(config, own);
      return clips ? offset.with("clip_sample", false) : offset;
    }
  },
  /** Inpainting: {@code steps_offset} is 1, PNDM begins without Runge-Kutta steps. */
  INPAINTING {
    @Override
    SchedulerConfig correct(SchedulerConfig config, boolean own) {
      boolean warmsUp = own || !config.flag("skip_prk_steps", true);
      SchedulerConfig offset = withOffset(config, own);
      return warmsUp ? offset.with("skip_prk_steps", true) : offset;
    }
  },
  /** All others: the configuration is as it stands. */
  NONE {
    @Override
    SchedulerConfig correct(SchedulerConfig config, boolean own) {
      return config;
    }
  };

  /** What is corrected for inpainting: guided by perturbed attention, as for text. */
  static EarlyExport ofInpainting(PerturbedAttentionGuidance perturbed) {
    return perturbed.isOn() ? TEXT : INPAINTING;
  }

  /**
   * @param own whether it is the model's own scheduler that is made, not another one
   */
  abstract SchedulerConfig correct(SchedulerConfig config, boolean own);

  private static SchedulerConfig withOffset(SchedulerConfig config, boolean own) {
    return own || config.integer("steps_offset", 1) != 1 ? config.with("steps_offset", 1) : config;
  }
}
