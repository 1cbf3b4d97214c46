package dev.darkroom.gateway.accept;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreferWaitTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "wait;60",
        "wait=10;10",
        "wait=0;1",
        "wait=600;60",
        "respond-async, wait=5;5",
        "wait=\"7\";7",
        " wait = 3 ;3",
        "wait=999999999;60"
      })
  void waitIsReadInAllItsSpellings(String header, int seconds) {
    assertEquals(Optional.of(new PreferWait(seconds)), PreferWait.parse(header));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "respond-async", "await=3", "waiting", "wait=x", "wait=-1"})
  void otherPreferencesAreNoWait(String header) {
    assertEquals(Optional.empty(), PreferWait.parse(header));
  }

  @Test
  void absentHeaderIsNoWait() {
    assertEquals(Optional.empty(), PreferWait.parse(null));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10, 30, 60})
  void answerIsOnItsWayBeforeTheAskedTimeEnds(int seconds) {
    long millis = new PreferWait(seconds).patience().toMillis();
    assertTrue(millis <= seconds * 1000L - 200, "patience " + millis);
    assertTrue(millis >= seconds * 800L, "patience " + millis);
  }

  /** Python 2.x hangs up after 60 s flat. */
  @Test
  void bareWaitIsAnsweredWellBeforeSixtySeconds() {
    assertEquals(55_000, PreferWait.parse("wait").orElseThrow().patience().toMillis());
  }
}
