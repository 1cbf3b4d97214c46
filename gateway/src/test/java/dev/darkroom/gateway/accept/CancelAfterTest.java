package dev.darkroom.gateway.accept;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CancelAfterTest {
  @ParameterizedTest
  @CsvSource({
    "5, PT5S",
    "90, PT90S",
    "90s, PT90S",
    "15m, PT15M",
    "2h30m, PT2H30M",
    "1h30m45s, PT1H30M45S",
    "1m30, PT90S",
    "' 5m ', PT5M",
    "720h, PT720H"
  })
  void readsTheFormsThatReplicateDocuments(String header, Duration expected) {
    assertEquals(Optional.of(expected), CancelAfter.parse(header));
  }

  @Test
  void noHeaderIsNoDeadline() {
    assertEquals(Optional.empty(), CancelAfter.parse(null));
    assertEquals(Optional.empty(), CancelAfter.parse(" "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "4s",
        "721h",
        "9999999h",
        "-5s",
        "1.5m",
        "5 m",
        "5x",
        "m",
        "s",
        "30s1m",
        "99999999s",
        "PT5M",
        "soon"
      })
  void refusesWhatIsNoTimeOrOutOfBounds(String header) {
    DarkroomException refused =
        assertThrows(DarkroomException.class, () -> CancelAfter.parse(header));
    assertEquals(ErrorCode.INVALID_INPUT, refused.code());
    assertTrue(refused.getMessage().startsWith("Cancel-After: expected "), refused.getMessage());
  }
}
