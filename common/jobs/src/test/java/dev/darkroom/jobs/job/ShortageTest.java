package dev.darkroom.jobs.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShortageTest {
  @Test
  void isFoundInAnyCause() {
    assertEquals(
        Optional.of(Shortage.DISK),
        Shortage.behind(
            new UncheckedIOException(new IOException("cache/x: No space left on device"))));
    assertEquals(
        Optional.of(Shortage.MEMORY),
        Shortage.behind(
            new IllegalStateException("failed", new RuntimeException("CUDA out of memory."))));
    assertEquals(
        Optional.of(Shortage.MEMORY), Shortage.behind(new OutOfMemoryError("Java heap space")));
  }

  @Test
  void isNotReadIntoOtherFailures() {
    assertEquals(Optional.empty(), Shortage.behind(new IllegalStateException("memory of a cat")));
    assertEquals(Optional.empty(), Shortage.behind(new IllegalStateException()));
  }
}
