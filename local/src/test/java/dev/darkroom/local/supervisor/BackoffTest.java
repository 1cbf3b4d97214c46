package dev.darkroom.local.supervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  @Test
  void doublesFromHalfASecondToHalfAMinute() {
    var waits =
        Stream.iterate(Backoff.FIRST, Backoff::doubled)
            .limit(9)
            .mapToLong(b -> b.next().toMillis());
    assertEquals(
        LongStream.of(500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000).boxed().toList(),
        waits.boxed().toList());
  }

  @Test
  void startsAnewForAProcessThatLivedLong() {
    var grown = Backoff.FIRST.doubled().doubled();
    assertEquals(grown, grown.after(Duration.ofSeconds(59)));
    assertEquals(Backoff.FIRST, grown.after(Duration.ofSeconds(60)));
  }
}
