package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class DeviceLanesTest {

  @Test
  void rowsAreDealtEvenlyAndComeBackInOrder() {
    List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
    try (DeviceLanes lanes = new DeviceLanes(3)) {
      List<Integer> doubled =
          lanes.deal(
              List.of(1, 2, 3, 4, 5, 6, 7, 8),
              rows -> {
                sizes.add(rows.size());
                return rows.stream().map(row -> 2 * row).toList();
              });
      assertEquals(List.of(2, 4, 6, 8, 10, 12, 14, 16), doubled);
    }
    Collections.sort(sizes);
    assertEquals(List.of(2, 3, 3), sizes);
  }

  @Test
  void everyLaneWorksAtOnce() {
    CyclicBarrier all = new CyclicBarrier(2);
    try (DeviceLanes lanes = new DeviceLanes(2)) {
      lanes.deal(
          List.of("left", "right"),
          rows -> {
            meet(all);
            return rows;
          });
    }
  }

  /** Rows dealt to a lane that is busy would hold up those dealt to the other. */
  @Test
  void aBusyLaneIsDealtNothing() throws InterruptedException {
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (DeviceLanes lanes = new DeviceLanes(2)) {
      Thread decoding =
          Thread.ofPlatform()
              .start(
                  () ->
                      lanes.run(
                          () -> {
                            busy.countDown();
                            await(goOn);
                            return "picture";
                          }));
      await(busy);
      assertEquals(List.of(2, 2), lanes.deal(List.of(1, 2), DeviceLanesTest::count));
      goOn.countDown();
      decoding.join();
      assertEquals(List.of(1, 1), lanes.deal(List.of(1, 2), DeviceLanesTest::count));
    }
  }

  /** For each row, with how many it came. */
  private static List<Integer> count(List<Integer> rows) {
    return Collections.nCopies(rows.size(), rows.size());
  }

  @Test
  void fewerRowsThanLanesTakeALaneEach() {
    try (DeviceLanes lanes = new DeviceLanes(4)) {
      assertEquals(List.of("row"), lanes.deal(List.of("row"), rows -> rows));
      assertEquals(List.of(), lanes.deal(List.<String>of(), rows -> rows));
    }
  }

  @Test
  void whatALaneThrowsComesBackAsItIs() {
    IllegalStateException failure = new IllegalStateException("out of memory");
    try (DeviceLanes lanes = new DeviceLanes(2)) {
      assertSame(
          failure,
          assertThrows(
              IllegalStateException.class,
              () ->
                  lanes.deal(
                      List.of(1, 2),
                      rows -> {
                        if (rows.contains(2)) {
                          throw failure;
                        }
                        return rows;
                      })));
    }
  }

  /** The model would be freed under a lane that still computes with it. */
  @Test
  void aFailureIsHeardWhenTheOtherLanesAreDone() throws InterruptedException {
    CountDownLatch failed = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean computed = new AtomicBoolean();
    AtomicBoolean computedFirst = new AtomicBoolean();
    try (DeviceLanes lanes = new DeviceLanes(2)) {
      Thread caller =
          Thread.ofPlatform()
              .start(
                  () -> {
                    assertThrows(
                        IllegalStateException.class,
                        () ->
                            lanes.deal(
                                List.of(1, 2),
                                rows -> {
                                  if (rows.contains(1)) {
                                    failed.countDown();
                                    throw new IllegalStateException("out of memory");
                                  }
                                  await(goOn);
                                  computed.set(true);
                                  return rows;
                                }));
                    computedFirst.set(computed.get());
                  });
      await(failed);
      // Whoever does not wait for the other lane is through by then.
      caller.join(Duration.ofMillis(200));
      goOn.countDown();
      caller.join();
    }
    assertTrue(computedFirst.get());
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(10, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(10, TimeUnit.SECONDS);
    } catch (BrokenBarrierException | TimeoutException e) {
      throw new AssertionError("the other lane did not work at the same time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
