/**
 * The SQL that makes Darkroom's Postgres schema, applied by Flyway in the order of its versions.
 */
@NullMarked
package dev.darkroom.migrations;

import org.jspecify.annotations.NullMarked;
