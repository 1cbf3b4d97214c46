/**
 * From a job to its images: the runner turns a spec into rows, waits for them, encodes and uploads
 * what they became, and says how it ended. No container, no tensors.
 */
@NullMarked
package dev.darkroom.worker.service;

import org.jspecify.annotations.NullMarked;
