/**
 * ControlNets: a copy of a U-Net's encoder that reads a picture. Zhang et al. 2023. What makes such
 * a picture of a photo is in {@code annotator}.
 */
@NullMarked
package dev.darkroom.diffusion.controlnet;

import org.jspecify.annotations.NullMarked;
