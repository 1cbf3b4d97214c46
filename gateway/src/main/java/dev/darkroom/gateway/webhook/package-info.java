/** Signed calls to a job's owner, worked off from Postgres: Standard Webhooks 1.0.0. */
@NullMarked
package dev.darkroom.gateway.webhook;

import org.jspecify.annotations.NullMarked;
