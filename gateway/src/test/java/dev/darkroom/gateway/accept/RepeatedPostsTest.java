package dev.darkroom.gateway.accept;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class RepeatedPostsTest {
  private static final RepeatedPosts.Key KEY =
      new RepeatedPosts.Key("darkroom", "/v1/predictions", Sha256.of("body"));

  private final SetClock clock = new SetClock();
  private final RepeatedPosts posts = new RepeatedPosts(clock);
  private final AtomicBoolean gone = new AtomicBoolean();
  private final AtomicBoolean answered = new AtomicBoolean();

  @Test
  void equalPostsOverLivingConnectionsAreTwo() {
    arrive(false, false);
    assertFalse(isRepeated(false, false));
    assertFalse(isRepeated(false, true));
  }

  @Test
  void postWhoseConnectionWentBeforeItsAnswerIsRepeatedByAnyClient() {
    arrive(false, false);
    gone.set(true);
    assertTrue(isRepeated(false, false));
  }

  @Test
  void answerThatMayHaveBeenLostIsRepeatedOnlyByAClientThatReplays() {
    arrive(false, true);
    answered.set(true);
    gone.set(true);
    assertFalse(isRepeated(false, false));
  }

  @Test
  void replayAfterALostAnswerJoinsTheFirst() {
    arrive(false, true);
    answered.set(true);
    gone.set(true);
    assertTrue(isRepeated(false, true));
  }

  @Test
  void resetIsForgottenAfterTwoSeconds() {
    RepeatedPosts.Seen first = arrive(false, true);
    first.post().job().complete(JobId.next());
    gone.set(true);
    clock.now = clock.now.plus(Duration.ofSeconds(3));
    assertFalse(isRepeated(false, true));
  }

  @Test
  void resetIsRememberedForTwoSecondsFromWhenTheJobWasStoredHoweverLongThatTook() {
    RepeatedPosts.Seen first = arrive(false, true);
    gone.set(true);
    clock.now = clock.now.plus(Duration.ofSeconds(3));
    first.post().job().complete(JobId.next());
    clock.now = clock.now.plus(Duration.ofSeconds(1));
    assertTrue(isRepeated(false, true));
  }

  @Test
  void repetitionWaitsForTheNewsThatTheAnswersConnectionIsGone() {
    answered.set(true);
    AtomicInteger looks = new AtomicInteger();
    posts.arrive(KEY, arrival(new Object(), () -> looks.incrementAndGet() > 2));
    posts.awaitNews(KEY, arrival(false, true));
    assertTrue(isRepeated(false, true));
  }

  @Test
  void nobodyWaitsForNewsOfTheConnectionThatThePostItselfCameOver() {
    Object connection = new Object();
    posts.arrive(KEY, arrival(connection, () -> fail("nothing is to be looked at")));
    posts.awaitNews(KEY, arrival(connection, gone::get));
  }

  @Test
  void nobodyWaitsForNewsOfAPostThatWasNotStored() {
    RepeatedPosts.Arrival lost = arrival(new Object(), () -> fail("nothing is to be looked at"));
    RepeatedPosts.Seen first = posts.arrive(KEY, lost);
    first.post().job().completeExceptionally(new IllegalStateException("not stored"));
    posts.awaitNews(KEY, arrival(false, true));
  }

  @Test
  void announcedRetryJoinsTheFirstForMinutes() {
    arrive(false, false);
    clock.now = clock.now.plus(Duration.ofMinutes(5));
    assertTrue(isRepeated(true, false));
  }

  @Test
  void retryOfAPostThatWasNotStoredIsAFirst() {
    RepeatedPosts.Seen first = arrive(false, false);
    first.post().job().completeExceptionally(new IllegalStateException("not stored"));
    assertFalse(isRepeated(true, true));
  }

  @Test
  void otherTenantsPostIsNeverJoined() {
    arrive(false, true);
    gone.set(true);
    RepeatedPosts.Key other = new RepeatedPosts.Key("stranger", KEY.path(), KEY.body());
    assertTrue(posts.arrive(other, arrival(true, true)).first().isEmpty());
  }

  @Test
  void sixRepetitionsStandForOneJob() {
    RepeatedPosts.Seen first = arrive(false, true);
    gone.set(true);
    for (int i = 0; i < 5; i++) {
      assertTrue(isRepeated(false, true));
    }
    JobId job = JobId.next();
    first.post().job().complete(job);
    assertTrue(isRepeated(false, true));
  }

  private boolean isRepeated(boolean isRetry, boolean isReplayer) {
    return arrive(isRetry, isReplayer).first().isPresent();
  }

  private RepeatedPosts.Seen arrive(boolean isRetry, boolean isReplayer) {
    return posts.arrive(KEY, arrival(isRetry, isReplayer));
  }

  private RepeatedPosts.Arrival arrival(boolean isRetry, boolean isReplayer) {
    return new RepeatedPosts.Arrival(isRetry, isReplayer, new Object(), gone::get, answered::get);
  }

  /** Of a client that replays. */
  private RepeatedPosts.Arrival arrival(Object connection, BooleanSupplier isGone) {
    return new RepeatedPosts.Arrival(false, true, connection, isGone, answered::get);
  }

  private static final class SetClock extends Clock {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }
}
