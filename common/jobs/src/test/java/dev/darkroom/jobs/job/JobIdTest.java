package dev.darkroom.jobs.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobIdTest {
  @Test
  void sortsByTime() {
    Random random = new Random(1);
    JobId before = JobId.at(Instant.ofEpochMilli(1_700_000_000_000L), random);
    for (int i = 1; i < 5000; i++) {
      JobId after = JobId.at(Instant.ofEpochMilli(1_700_000_000_000L + i * 977L), random);
      assertTrue(before.compareTo(after) < 0, before + " before " + after);
      before = after;
    }
  }

  @Test
  void isNotMadeTwice() {
    Set<JobId> ids = new HashSet<>();
    for (int i = 0; i < 20_000; i++) {
      assertTrue(ids.add(JobId.next()));
    }
  }

  @Test
  void goesThroughJsonAsText() {
    JobId id = JobId.next();
    assertEquals("\"" + id + "\"", Json.write(id));
    assertEquals(id, Json.read(Json.write(id), JobId.class));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0123456789abcdefghjkmnpqr",
        "0123456789abcdefghjkmnpqrst",
        "0123456789ABCDEFGHJKMNPQRS",
        "0123456789abcdefghilmnopqr",
        "z123456789abcdefghjkmnpqrs",
        "../../../../../etc/passwd0"
      })
  void refusesWhatIsNoId(String text) {
    assertFalse(JobId.isValid(text));
    DarkroomException e = assertThrows(DarkroomException.class, () -> new JobId(text));
    assertEquals(ErrorCode.INVALID_INPUT, e.code());
  }
}
