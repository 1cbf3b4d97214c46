/**
 * What ends by time: jobs whose deadline is over, and what is kept only for a while: finished jobs
 * with their outputs, the checkpoints of finished trainings, uploaded files, and workers that left
 * without a word.
 */
@NullMarked
package dev.darkroom.gateway.expiry;

import org.jspecify.annotations.NullMarked;
