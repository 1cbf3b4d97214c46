/**
 * The trainer service without its framework: takes training jobs, runs a recipe on a verified
 * dataset, keeps checkpoints in the object store, and leaves a new model version.
 */
@NullMarked
package dev.darkroom.trainer.service;

import org.jspecify.annotations.NullMarked;
