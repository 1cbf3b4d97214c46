package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.DiffusionException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BesideTest {
  @Test
  void makesPartsAtTheSameTime() {
    CountDownLatch both = new CountDownLatch(2);
    Beside<Thread> one = Beside.start("one", () -> meet(both));
    Beside<Thread> other = Beside.start("other", () -> meet(both));
    assertNotEquals(one.get(), other.get());
    assertEquals(Thread.currentThread(), Beside.here(Thread::currentThread).get());
  }

  private static Thread meet(CountDownLatch all) {
    all.countDown();
    try {
      all.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return Thread.currentThread();
  }

  @Test
  void handsOnWhatTheMakerThrew() {
    DiffusionException reason = DiffusionException.badCheckpoint("a broken part");
    Beside<String> beside =
        Beside.start(
            "broken",
            () -> {
              throw reason;
            });
    assertSame(reason, assertThrows(DiffusionException.class, beside::get));
    List<String> freed = new ArrayList<>();
    beside.discard(freed::add);
    assertEquals(List.of(), freed);
  }

  @Test
  void freesAPartThatNobodyTook() {
    List<String> freed = new ArrayList<>();
    Beside.start("unused", () -> "part").discard(freed::add);
    assertEquals(List.of("part"), freed);
  }

  /** What a part is made of is closed next, so an interrupt must not end the waiting. */
  @Test
  void waitsForTheEndWhenInterrupted() {
    CountDownLatch done = new CountDownLatch(1);
    Beside<String> beside =
        Beside.start(
            "slow",
            () -> {
              meet(done);
              return "whole";
            });
    Thread.currentThread().interrupt();
    assertEquals("whole", beside.get());
    assertTrue(Thread.interrupted());
  }
}
