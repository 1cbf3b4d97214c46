package dev.darkroom.worker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class FailuresTest {
  @Test
  void aFullHeapAndAFullDeviceAreOutOfMemory() {
    assertEquals(
        ErrorCode.OUT_OF_MEMORY, Failures.typed(new OutOfMemoryError("Java heap space")).code());
    assertEquals(
        ErrorCode.OUT_OF_MEMORY,
        Failures.typed(
                DiffusionException.internal(
                    "kernel resnet failed",
                    new IllegalStateException(
                        "DefaultCPUAllocator: can't allocate memory: you tried ...")))
            .code());
    assertEquals(
        ErrorCode.OUT_OF_MEMORY,
        Failures.typed(new IllegalStateException("CUDA out of memory. Tried to allocate 2.00 GiB"))
            .code());
  }

  @Test
  void aBrokenCheckpointKeepsItsSentence() {
    DarkroomException typed =
        Failures.typed(
            new CompletionException(DiffusionException.badCheckpoint("unet: expected x, got y")));

    assertEquals(ErrorCode.CORRUPT_CHECKPOINT, typed.code());
    assertEquals("unet: expected x, got y", typed.getMessage());
  }

  @Test
  void aBadArgumentIsTheCallers() {
    assertEquals(
        ErrorCode.INVALID_INPUT, Failures.typed(DiffusionException.badInput("size")).code());
  }

  @Test
  void aTypedFailureStaysAsItIs() {
    DarkroomException typed = new DarkroomException(ErrorCode.CANCELED, "canceled");

    assertSame(typed, Failures.typed(typed));
  }

  @Test
  void anythingElseIsOurs() {
    assertEquals(ErrorCode.INTERNAL, Failures.typed(new IllegalStateException("surprise")).code());
  }
}
