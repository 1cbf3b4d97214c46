package dev.darkroom.trainer.loop;

/**
 * AdamW (Loshchilov and Hutter 2019), clipping by global norm, and the moving average of weights.
 *
 * @param learningRate after the warm-up
 * @param lrScheduler how the rate goes on after the warm-up
 * @param lrWarmupSteps optimizer steps of linear warm-up
 * @param maxGradNorm gradients are scaled down to this global norm
 * @param emaDecay the average's decay at the end of its ramp {@code (1+n)/(10+n)}; 0 keeps no
 *     average, and then the result is the raw weights
 */
public record OptimizerConfig(
    double learningRate,
    LearningRate.Decay lrScheduler,
    int lrWarmupSteps,
    double adamBeta1,
    double adamBeta2,
    double adamWeightDecay,
    double adamEpsilon,
    double maxGradNorm,
    double emaDecay) {

  public OptimizerConfig {
    Check.range("learning_rate", learningRate, 1e-9, 1);
    Check.range("lr_warmup_steps", lrWarmupSteps, 0, Check.MAX_STEPS);
    Check.range("adam_beta1", adamBeta1, 0, 0.999999);
    Check.range("adam_beta2", adamBeta2, 0, 0.999999);
    Check.range("adam_weight_decay", adamWeightDecay, 0, 1);
    Check.range("adam_epsilon", adamEpsilon, 1e-16, 1e-2);
    Check.range("max_grad_norm", maxGradNorm, 1e-6, 1e6);
    Check.range("ema_decay", emaDecay, 0, 0.999999);
  }

  /** AdamW (0.9, 0.999) without weight decay, clipped at 1, averaged at 0.999, constant rate. */
  public static OptimizerConfig of(double learningRate) {
    return new OptimizerConfig(
        learningRate, LearningRate.Decay.CONSTANT, 0, 0.9, 0.999, 0, 1e-8, 1, 0.999);
  }

  public LearningRate schedule(int steps) {
    return new LearningRate(learningRate, lrWarmupSteps, lrScheduler, steps);
  }
}
