package dev.darkroom.diffusion.nn;

import ai.djl.Device;

/** What a model is built for. */
public enum Execution {
  /** Parameters stay as they are: gradients can flow, values can change. */
  TRAINING("layer"),
  /**
   * The same with products of bfloat16, forward and backward: a weight is rounded where it is used
   * and stays float32 itself. Norms, softmax and what goes from layer to layer are float32. Needs a
   * processor that computes bfloat16; where it has instructions for it, about twice as fast.
   */
  TRAINING_BFLOAT16("layer"),
  /**
   * Weights are rearranged once for the fastest forward, and a row's result does not depend on the
   * other rows of its batch, to the bit. Nothing can be trained or changed, and what comes out is
   * for reading: to train on it, or to change it in place, take a copy.
   */
  INFERENCE("layer"),
  /**
   * The same with weights of bfloat16, and products computed of bfloat16: half the memory. Sums,
   * norms, softmax and what goes from layer to layer are float32, and so are {@link Weights#exact}
   * layers. Needs {@link dev.darkroom.diffusion.kernels.Processor#computesBfloat16}. On a GPU, as
   * {@link #INFERENCE_FLOAT16} with the other type.
   */
  INFERENCE_BFLOAT16("half_layer"),
  /**
   * For GPUs: weights and what goes from layer to layer are float16, sums within an operator
   * float32. {@link Weights#exact} layers are float32, and so is what a network answers.
   */
  INFERENCE_FLOAT16("half_layer"),
  /**
   * The same with weights of 8 bits, and inputs of layers rounded to 8 bits, each row by its own
   * range: a quarter of the memory. Needs {@link
   * dev.darkroom.diffusion.kernels.Processor#computesInt8}.
   */
  INFERENCE_INT8("int8_layer");

  private final String layerKernel;

  Execution(String layerKernel) {
    this.layerKernel = layerKernel;
  }

  /**
   * Compiles what models of this execution compute with, unless it is there: a fraction of a second
   * that the first model of a process needs not wait for, if somebody does it while the model's
   * file is opened.
   *
   * @throws dev.darkroom.diffusion.DiffusionException if the device cannot compute it
   */
  public void prepare(Device device) {
    Kernels.of(this, device);
  }

  /** Whether parameters can be read and changed. */
  boolean trains() {
    return this == TRAINING || this == TRAINING_BFLOAT16;
  }

  /** The kernel that makes a layer of this execution. */
  String layerKernel() {
    return layerKernel;
  }
}
