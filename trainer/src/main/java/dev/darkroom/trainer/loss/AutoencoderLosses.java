package dev.darkroom.trainer.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.autoencoder.Posterior;
import dev.darkroom.diffusion.kernels.Program;

/** The terms of the autoencoder's loss but for {@link Lpips}; each is one element. */
public final class AutoencoderLosses {
  private final Program program;

  public AutoencoderLosses(NDManager manager) {
    program = program(manager);
  }

  static Program program(NDManager manager) {
    return Program.compile(manager, Program.source(AutoencoderLosses.class, "autoencoder.py"));
  }

  /** The mean absolute difference. */
  public NDArray absolute(NDArray x, NDArray target) {
    return program.call("absolute").tensor(x).tensor(target).run();
  }

  /** KL divergence of a posterior to the standard normal, in nats a picture. */
  public NDArray kl(Posterior posterior) {
    return program.call("kl").tensor(posterior.mean()).tensor(posterior.logvar()).run();
  }

  /** {@code loss + weight * term}. */
  public NDArray plus(NDArray loss, NDArray term, double weight) {
    return program.call("plus").tensor(loss).tensor(term).real(weight).run();
  }

  /** A sample of the posterior, through which gradients flow. */
  public NDArray sampled(Posterior posterior, NDArray noise) {
    return program
        .call("sampled")
        .tensor(posterior.mean())
        .tensor(posterior.logvar())
        .tensor(noise)
        .run();
  }
}
