/**
 * What a job is: its id, its states and their legal moves, how it can end, and the one error type
 * of the platform. A leaf: every other package may use it, it uses none.
 */
@NullMarked
package dev.darkroom.jobs.job;

import org.jspecify.annotations.NullMarked;
