/**
 * The README as a test, and faults in real processes.
 *
 * <p>{@link dev.darkroom.e2e.UpTest} runs {@code ./darkroom up} as a person does. The fault tests
 * start the packaged services themselves, on a Kafka, a Postgres and an S3 of their own, and kill,
 * freeze and restart them.
 */
package dev.darkroom.e2e;
