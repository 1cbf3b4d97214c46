/**
 * From Postgres to Kafka: releases waiting jobs, only as many as the workers can soon start, so
 * that queues stay cancellable, ordered and visible. Several gateways do so at once, safely.
 */
@NullMarked
package dev.darkroom.gateway.dispatch;

import org.jspecify.annotations.NullMarked;
