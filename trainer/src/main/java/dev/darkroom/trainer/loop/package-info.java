/**
 * What every recipe shares: learners (parameters with their optimizer and moving average), the
 * learning rate, the loop with its order of samples, checkpoints that verify, and the listener that
 * hears of progress. A run is a function of its config, its data and its seed alone: one resumed
 * from any checkpoint equals the uninterrupted one bit for bit, on the same kind of machine and
 * with the same number of threads.
 */
@NullMarked
package dev.darkroom.trainer.loop;

import org.jspecify.annotations.NullMarked;
