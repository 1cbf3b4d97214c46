/**
 * Real Kafka, Postgres and S3, started from a folder, for {@code ./darkroom up} and for tests.
 *
 * <p>Each service is one class: {@code start(folder, port)} returns when it answers, the accessors
 * say how to reach it, {@code close()} stops it and keeps the folder, and the next start on the
 * folder finds everything again. {@link dev.darkroom.local.embedded.TestServices} holds one of each
 * for a test JVM. Nothing here knows the other modules.
 */
@NullMarked
package dev.darkroom.local.embedded;

import org.jspecify.annotations.NullMarked;
