/**
 * From a request body to a stored job: bounded JSON, the model's schema, idempotency, and one
 * transaction for many callers at once.
 */
@NullMarked
package dev.darkroom.gateway.accept;

import org.jspecify.annotations.NullMarked;
