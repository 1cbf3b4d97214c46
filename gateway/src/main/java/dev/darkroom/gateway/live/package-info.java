/**
 * Jobs as they happen: events from Kafka, fanned out to whoever looks. Nothing depends on an event
 * that was missed: every view also looks into Postgres from time to time.
 */
@NullMarked
package dev.darkroom.gateway.live;

import org.jspecify.annotations.NullMarked;
