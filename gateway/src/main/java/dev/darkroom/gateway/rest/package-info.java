/**
 * The HTTP API: one class a resource, each no more than path, parameters and the plain object that
 * does the work.
 */
@NullMarked
package dev.darkroom.gateway.rest;

import org.jspecify.annotations.NullMarked;
