/**
 * Postgres, the truth about jobs. Every change of a job is one statement guarded by its state and,
 * for whoever runs it, by its attempt; that no row matched is a normal answer. Times are the
 * database's, so that no clock of another machine can expire or steal anything.
 *
 * <p>All methods throw {@link dev.darkroom.jobs.job.DarkroomException}: {@code
 * DATABASE_UNAVAILABLE} where Postgres does not answer, {@code INTERNAL} where it refuses.
 */
@NullMarked
package dev.darkroom.jobs.store;

import org.jspecify.annotations.NullMarked;
