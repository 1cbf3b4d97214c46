package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ModelShelfTest {
  private final ConcurrentLinkedQueue<String> loads = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> closed = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> unloads = new ConcurrentLinkedQueue<>();

  /** A model that only knows when it is put away. */
  private final class Weights implements AutoCloseable {
    private final String version;

    Weights(String version) {
      this.version = version;
    }

    @Override
    public void close() {
      unloads.add(version);
    }
  }

  private final ModelShelf<Weights> shelf = shelf(100, new CountDownLatch(0));

  @Test
  void loadsAModelOnceAndKeepsIt() throws Exception {
    Weights first;
    try (ModelShelf.Loan<Weights> loan = shelf.borrow("40-a")) {
      first = loan.model();
    }
    try (ModelShelf.Loan<Weights> loan = shelf.borrow("40-a")) {
      assertSame(first, loan.model());
    }
    assertEquals(List.of("40-a"), List.copyOf(loads));
    assertEquals(List.of("40-a"), List.copyOf(closed));
    assertEquals(40, shelf.usedBytes());
  }

  @Test
  void putsAwayTheModelUnusedForLongest() throws Exception {
    shelf.borrow("40-a").close();
    shelf.borrow("40-b").close();
    shelf.borrow("40-a").close();
    shelf.borrow("40-c").close();

    assertEquals(List.of("40-b"), List.copyOf(unloads));
    assertEquals(80, shelf.usedBytes());
  }

  @Test
  void neverPutsAwayAModelInUse() throws Exception {
    ModelShelf.Loan<Weights> inUse = shelf.borrow("60-a");
    CompletableFuture<Void> other = async(() -> shelf.borrow("60-b").close());
    assertThrows(
        java.util.concurrent.TimeoutException.class, () -> other.get(100, TimeUnit.MILLISECONDS));
    assertTrue(unloads.isEmpty());

    inUse.close();
    other.get(10, TimeUnit.SECONDS);

    assertEquals(List.of("60-a"), List.copyOf(unloads));
  }

  @Test
  void returningALoanTwiceCountsOnce() throws Exception {
    ModelShelf.Loan<Weights> first = shelf.borrow("60-a");
    ModelShelf.Loan<Weights> second = shelf.borrow("60-a");
    first.close();
    first.close();
    CompletableFuture<Void> other = async(() -> shelf.borrow("60-b").close());
    assertThrows(
        java.util.concurrent.TimeoutException.class, () -> other.get(100, TimeUnit.MILLISECONDS));

    second.close();
    other.get(10, TimeUnit.SECONDS);
  }

  @Test
  void whoAsksDuringALoadWaitsForTheSameOne() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    ModelShelf<Weights> slow = shelf(100, goOn);
    List<CompletableFuture<Void>> borrowers =
        List.of(async(() -> slow.borrow("10-a").close()), async(() -> slow.borrow("10-a").close()));
    goOn.countDown();
    for (CompletableFuture<Void> borrower : borrowers) {
      borrower.get(10, TimeUnit.SECONDS);
    }

    assertEquals(List.of("10-a"), List.copyOf(loads));
  }

  @Test
  void refusesAModelThatNeverFits() {
    assertEquals(ErrorCode.OUT_OF_MEMORY, refusal(shelf, "101-a").code());
    assertEquals(0, shelf.size());
  }

  @Test
  void closesTheFilesOfAModelThatIsRefused() {
    assertEquals(ErrorCode.OUT_OF_MEMORY, refusal(shelf, "101-a").code());

    assertEquals(List.of("101-a"), List.copyOf(closed));
  }

  @Test
  void aLoadThatFailedIsTriedAgain() throws Exception {
    boolean[] broken = {true};
    ModelShelf<Weights> flaky =
        new ModelShelf<>(
            100,
            version -> {
              if (broken[0]) {
                throw new DarkroomException(
                    ErrorCode.CORRUPT_CHECKPOINT, "unet: expected x, got y");
              }
              return loadable(version, new CountDownLatch(0));
            });
    assertEquals(ErrorCode.CORRUPT_CHECKPOINT, refusal(flaky, "10-a").code());
    broken[0] = false;
    flaky.borrow("10-a").close();

    assertEquals(10, flaky.usedBytes());
  }

  @Test
  void aFailedLoadGivesItsRoomBack() throws Exception {
    ModelShelf<Weights> failing =
        new ModelShelf<>(
            100,
            version ->
                new ModelShelf.Loadable<>() {
                  @Override
                  public long bytes() {
                    return 60;
                  }

                  @Override
                  public Weights load() {
                    throw new IllegalStateException("native");
                  }

                  @Override
                  public void close() {}
                });
    for (int i = 0; i < 3; i++) {
      CompletionException failure =
          assertThrows(CompletionException.class, () -> failing.borrow("a"));
      assertEquals("native", failure.getCause().getMessage());
    }
    assertEquals(0, failing.usedBytes());
  }

  @Test
  void closingPutsAwayWhatIsNotInUse() throws Exception {
    shelf.borrow("10-a").close();
    ModelShelf.Loan<Weights> inUse = shelf.borrow("10-b");
    shelf.close();

    assertEquals(List.of("10-a"), List.copyOf(unloads));
    assertFalse(unloads.contains("10-b"));
    inUse.close();
  }

  private ModelShelf<Weights> shelf(long budget, CountDownLatch goOn) {
    return new ModelShelf<>(budget, version -> loadable(version, goOn));
  }

  /** The name says what the model takes: "40-a" holds 40 bytes. */
  private ModelShelf.Loadable<Weights> loadable(String version, CountDownLatch goOn) {
    return new ModelShelf.Loadable<>() {
      @Override
      public long bytes() {
        return Long.parseLong(version.substring(0, version.indexOf('-')));
      }

      @Override
      public Weights load() throws InterruptedException {
        goOn.await();
        loads.add(version);
        return new Weights(version);
      }

      @Override
      public void close() {
        closed.add(version);
      }
    };
  }

  private static DarkroomException refusal(ModelShelf<Weights> shelf, String version) {
    CompletionException failure =
        assertThrows(CompletionException.class, () -> shelf.borrow(version));
    return assertInstanceOf(DarkroomException.class, failure.getCause());
  }

  private interface Action {
    void run() throws Exception;
  }

  private static CompletableFuture<Void> async(Action action) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                action.run();
                done.complete(null);
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }
}
