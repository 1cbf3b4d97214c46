/** How an error leaves the gateway: RFC 9457 problem details, one sentence each. */
@NullMarked
package dev.darkroom.gateway.problem;

import org.jspecify.annotations.NullMarked;
