package dev.darkroom.diffusion.pipeline;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.nn.Execution;
import org.jspecify.annotations.Nullable;

/** The numbers that a pipeline computes with. */
public enum Precision {
  FLOAT32("float32", Execution.INFERENCE, Execution.INFERENCE),
  /** On a GPU: the network and its ControlNets; text and pictures are float32. */
  FLOAT16("float16", Execution.INFERENCE_FLOAT16, Execution.INFERENCE),
  /**
   * On a CPU all parts, also an autoencoder whose {@code force_upcast} warns of the small range of
   * float16; on a GPU as {@link #FLOAT16}.
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
   * @throws DiffusionException if it is none, or the device cannot compute it
   */
  public static Precision parse(String name, Device device) {
    return device.isGpu() ? onGpu(name) : parse(name, Processor.here());
  }

  private static Precision onGpu(String name) {
    if (name.equals(AUTO)) {
      return FLOAT16;
    }
    Precision named = named(name);
    if (named == null || named == INT8) {
      throw DiffusionException.badInput(
          "dtype: expected float32, float16, bfloat16 or auto on a GPU, got " + name);
    }
    return named;
  }

  /**
   * The same for a CPU.
   *
   * @throws DiffusionException if it is none, or the processor cannot compute it
   */
  public static Precision parse(String name, Processor processor) {
    if (name.equals(AUTO)) {
      return fastest(processor);
    }
    Precision named = named(name);
    if (named == null) {
      throw DiffusionException.badInput(
          "dtype: expected float32, bfloat16, int8 or auto, got " + name);
    }
    named.require(processor);
    return named;
  }

  private static @Nullable Precision named(String name) {
    for (Precision precision : values()) {
      if (precision.torchName.equals(name)) {
        return precision;
      }
    }
    return null;
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
      case FLOAT16 ->
          throw DiffusionException.badInput(
              "dtype: expected float32, bfloat16, int8 or auto on a CPU, got float16, which only"
                  + " GPUs compute fast; bfloat16 takes as little memory");
      case BFLOAT16 -> require(processor.computesBfloat16(), "AVX-512");
      case INT8 -> require(processor.computesInt8(), "VNNI");
    }
  }

  private void require(boolean computes, String feature) {
    if (!computes) {
      throw DiffusionException.badInput(
          "dtype: expected float32 on this processor, got %s, which needs %s"
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
  public Execution ends(Device device) {
    return device.isGpu() ? Execution.INFERENCE : ends;
  }
}
