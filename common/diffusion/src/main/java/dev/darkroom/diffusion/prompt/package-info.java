/**
 * The languages of prompts: weights, chunks, editing and alternation as A1111 and ComfyUI have
 * them. Parsers are pure; they know neither tokens nor tensors.
 */
@NullMarked
package dev.darkroom.diffusion.prompt;

import org.jspecify.annotations.NullMarked;
