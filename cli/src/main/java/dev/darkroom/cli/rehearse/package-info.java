/** What the script runs once a build, so that the JVM records what the commands start with. */
@NullMarked
package dev.darkroom.cli.rehearse;

import org.jspecify.annotations.NullMarked;
