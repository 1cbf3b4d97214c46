package dev.darkroom.trainer.data;

/** Whether a dataset must say what its pictures show. */
public enum Captions {
  /** Each picture needs a line with text: the model learns from words. */
  REQUIRED,
  /** Pictures alone will do: the autoencoder, or a model without words. */
  OPTIONAL
}
