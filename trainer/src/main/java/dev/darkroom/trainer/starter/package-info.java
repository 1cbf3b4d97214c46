/**
 * How the model that ships is made, from public packages to a diffusers folder, by one resumable
 * command: fetch, join pictures to words, take the text encoder out of its ONNX file, train the
 * autoencoder, cache latents, train the U-Net, export, evaluate. Each stage leaves files in the
 * work folder and is skipped while they verify.
 */
@NullMarked
package dev.darkroom.trainer.starter;

import org.jspecify.annotations.NullMarked;
