/**
 * Kafka, which only delivers: publishers with bounded waits, share-group consumers that hold one
 * record a slot while its job runs, and listeners that hear every record of a broadcast topic.
 */
@NullMarked
package dev.darkroom.jobs.queue;

import org.jspecify.annotations.NullMarked;
