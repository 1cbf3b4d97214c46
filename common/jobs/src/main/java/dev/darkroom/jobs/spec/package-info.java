/**
 * What a job is asked to do: one validated record a kind, complete enough to be replayed to the
 * same pixels, and the OpenAPI schemas that a model version publishes for its inputs.
 */
@NullMarked
package dev.darkroom.jobs.spec;

import org.jspecify.annotations.NullMarked;
