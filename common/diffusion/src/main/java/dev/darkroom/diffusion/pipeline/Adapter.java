package dev.darkroom.diffusion.pipeline;

import java.nio.file.Path;

/**
 * A LoRA for a model.
 *
 * @param file see {@link dev.darkroom.diffusion.adapter.Lora#open}
 * @param scale how strongly it acts; 1 is as it was trained
 */
public record Adapter(Path file, double scale) {}
