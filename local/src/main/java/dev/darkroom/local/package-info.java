/** The entry point of the launcher JVM. */
@NullMarked
package dev.darkroom.local;

import org.jspecify.annotations.NullMarked;
