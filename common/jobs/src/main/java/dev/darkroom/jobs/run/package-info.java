/**
 * The pipeline that runs jobs: take a record, claim the job, run it, commit its end, acknowledge
 * the record. A crash between any two of these is safe: the record comes back, and the claim knows.
 */
@NullMarked
package dev.darkroom.jobs.run;

import org.jspecify.annotations.NullMarked;
