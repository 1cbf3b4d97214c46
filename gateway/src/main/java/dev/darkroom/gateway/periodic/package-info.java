/** Work that is done again and again beside the requests. */
@NullMarked
package dev.darkroom.gateway.periodic;

import org.jspecify.annotations.NullMarked;
