/**
 * One model component, or one sampler, on given tensors: what parity with other implementations is
 * measured with.
 */
@NullMarked
package dev.darkroom.cli.forward;

import org.jspecify.annotations.NullMarked;
