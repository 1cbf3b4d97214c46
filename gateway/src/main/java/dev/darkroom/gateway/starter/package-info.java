/** The model that ships with Darkroom, registered at the first start. */
@NullMarked
package dev.darkroom.gateway.starter;

import org.jspecify.annotations.NullMarked;
