package dev.darkroom.gateway.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TqdmLogTest {
  /** What npm replicate parses progress with. */
  private static final Pattern CLIENT =
      Pattern.compile("^\\s*(\\d+)%\\s*\\|.+?\\|\\s*(\\d+)\\/(\\d+)");

  @ParameterizedTest
  @CsvSource({
    "0,50,0",
    "1,50,40",
    "25,50,1000",
    "49,50,90000",
    "50,50,5000000",
    "1,1,0",
    "7,1000,3"
  })
  void everyLineParsesInTheClient(int done, int total, long millis) {
    String line = TqdmLog.line(done, total, Duration.ofMillis(millis));
    Matcher matcher = CLIENT.matcher(line);
    assertTrue(matcher.find(), line);
    assertEquals(done * 100 / total, Integer.parseInt(matcher.group(1)), line);
    assertEquals(done, Integer.parseInt(matcher.group(2)), line);
    assertEquals(total, Integer.parseInt(matcher.group(3)), line);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "38;50;33000;' 76%|███████▌  | 38/50 [00:33<00:10, 1.15it/s]'",
        "0;50;0;'  0%|          | 0/50 [00:00<?, ?it/s]'",
        "20;20;4000;'100%|██████████| 20/20 [00:04<00:00, 5.00it/s]'"
      })
  void linesLookLikeTqdms(int done, int total, long millis, String expected) {
    assertEquals(expected, TqdmLog.line(done, total, Duration.ofMillis(millis)));
  }
}
