/** Who is asking: bearer tokens, known to Postgres by their hash alone. */
@NullMarked
package dev.darkroom.gateway.auth;

import org.jspecify.annotations.NullMarked;
