/**
 * HTTP to addresses that strangers chose: webhooks and input files. The address filter sits in the
 * connector, after name resolution, so that no name can be rebound past it.
 */
@NullMarked
package dev.darkroom.gateway.net;

import org.jspecify.annotations.NullMarked;
