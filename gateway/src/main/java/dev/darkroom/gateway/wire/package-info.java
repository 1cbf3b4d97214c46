/** The objects of Replicate's HTTP API as its clients read them. */
@NullMarked
package dev.darkroom.gateway.wire;

import org.jspecify.annotations.NullMarked;
