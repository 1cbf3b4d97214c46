/**
 * Models on disk: safetensors files and diffusers' folders, read and written, files of torch.save,
 * read, and component configs. A stored tensor is a view of its file, so that other names and forms
 * of a checkpoint cost nothing before they are loaded. Files are untrusted data.
 */
@NullMarked
package dev.darkroom.diffusion.checkpoint;

import org.jspecify.annotations.NullMarked;
