/**
 * The system on one machine: Kafka, Postgres and S3 inside this JVM, the gateway, workers and
 * trainers as processes.
 *
 * <p>{@link dev.darkroom.local.supervisor.LocalSystem} starts and stops it all; a {@link
 * dev.darkroom.local.supervisor.Child} is one process that is started again when it dies; a {@link
 * dev.darkroom.local.supervisor.Guardian} sees to it that no process outlives this JVM, however it
 * ends. What is kept between starts lies in one {@link dev.darkroom.local.supervisor.DataFolder}.
 */
@NullMarked
package dev.darkroom.local.supervisor;

import org.jspecify.annotations.NullMarked;
