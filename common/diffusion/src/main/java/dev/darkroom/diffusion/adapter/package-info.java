/**
 * Small changes to large models that travel as files of their own: LoRA and LoCon, in the names of
 * kohya, PEFT, diffusers and cloneofsimo (Hu et al. 2021), LyCORIS' LoHa and LoKr, and DoRA over
 * each of them (Liu et al. 2024).
 */
@NullMarked
package dev.darkroom.diffusion.adapter;

import org.jspecify.annotations.NullMarked;
