/**
 * A process that takes jobs, whatever their kind: its settings, its start when all that it needs is
 * there, its metrics, its end. Workers and trainers are such processes.
 */
@NullMarked
package dev.darkroom.jobs.process;

import org.jspecify.annotations.NullMarked;
