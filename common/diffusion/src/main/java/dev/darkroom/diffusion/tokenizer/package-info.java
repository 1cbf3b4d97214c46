/**
 * Prompts to token ids, by the reference's own tokenizers library, from the files that a model's
 * folder holds.
 */
@NullMarked
package dev.darkroom.diffusion.tokenizer;

import org.jspecify.annotations.NullMarked;
