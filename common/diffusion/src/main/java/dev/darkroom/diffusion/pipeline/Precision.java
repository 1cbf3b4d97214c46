package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.nn.Execution;

/** The numbers that a pipeline on a CPU computes with. */
public enum Precision {
  FLOAT32("float32", Execution.INFERENCE, Execution.INFERENCE),
  /**
   * All parts, also an autoencoder whose {@code force_upcast} warns of the small range of float16.
   */
  BFLOAT16("bfloat16", Execution.INFERENCE_BFLOAT16, Execution.INFERENCE_BFLOAT16),
  /** The network and its ControlNets, which run at every step; text and pictures are float32. */
  INT8("int8", Execution.INFERENCE_INT8, Execution.INFERENCE);

  /** The name that leaves the choice to {@link #fastest}. */
  public static final String AUTO = "auto";

  private final String torchName;
  private final Execution network;
  private final Execution ends;

  Precision(String torchName, Execution network, Execution ends) {
    this.torchName = torchName;
    this.network = network;
    this.ends = ends;
  }

  /**
   * By PyTorch's name, or {@code auto}: {@link #fastest}.
   *
   * @throws DiffusionException if it is none, or the processor cannot compute it
   */
  public static Precision parse(String name, Processor processor) {
    if (name.equals(AUTO)) {
      return fastest(processor);
    }
    if (name.equals("float16")) {
      throw DiffusionException.badInput(
          "--dtype: expected float32, bfloat16, int8 or auto on a CPU, got float16, which only GPUs"
              + " compute fast; bfloat16 takes as little memory");
    }
    for (Precision precision : values()) {
      if (precision.torchName.equals(name)) {
        precision.require(processor);
        return precision;
      }
    }
    throw DiffusionException.badInput(
        "--dtype: expected float32, bfloat16, int8 or auto, got " + name);
  }

  /**
   * The fastest one on a processor whose pictures are those of float32 but for noise that nobody
   * sees (about 35 dB of peak signal to noise and more).
   */
  public static Precision fastest(Processor processor) {
    if (processor.multipliesBfloat16()) {
      return BFLOAT16;
    }
    return processor.computesInt8() ? INT8 : FLOAT32;
  }

  private void require(Processor processor) {
    switch (this) {
      case FLOAT32 -> {}
      case BFLOAT16 -> require(processor.computesBfloat16(), "AVX-512");
      case INT8 -> require(processor.computesInt8(), "VNNI");
    }
  }

  private void require(boolean computes, String feature) {
    if (!computes) {
      throw DiffusionException.badInput(
          "--dtype: expected float32 on this processor, got %s, which needs %s"
              .formatted(torchName, feature));
    }
  }

  /** PyTorch's name. */
  public String torchName() {
    return torchName;
  }

  /** Of what runs at every step. */
  public Execution network() {
    return network;
  }

  /** Of what runs once: text encoders and the autoencoder. */
  public Execution ends() {
    return ends;
  }
}
