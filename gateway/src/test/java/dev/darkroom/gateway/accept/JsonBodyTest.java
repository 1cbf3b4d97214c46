package dev.darkroom.gateway.accept;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonBodyTest {
  private static final int LIMIT = 100_000;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "3",
        "{",
        "{\"a\":1}}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{a:1}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"\\udc00\":1}",
        "{\"a\":[\"x\",\"\\ude00\\ud83d\"]}"
      })
  void whatIsNoStorableJsonObjectIsRefusedInOneSentence(String body) {
    DarkroomException refused = assertThrows(DarkroomException.class, () -> read(body));
    assertEquals(ErrorCode.INVALID_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(": expected "), refused.getMessage());
  }

  @Test
  void nestingBombIsRefusedWithoutBeingBuilt() {
    DarkroomException refused =
        assertThrows(
            DarkroomException.class,
            () -> read("{\"a\":" + "[".repeat(50_000) + "]".repeat(49_000)));
    assertEquals(ErrorCode.INVALID_INPUT, refused.code());
    assertTrue(refused.getMessage().contains("64 deep"), refused.getMessage());
  }

  @Test
  void endlessBodyIsReadNoFurtherThanTheLimit() {
    InputStream endless =
        new InputStream() {
          private long count;

          @Override
          public int read() {
            if (count++ > LIMIT + 10_000) {
              throw new AssertionError("read past the limit");
            }
            return ' ';
          }
        };
    DarkroomException refused =
        assertThrows(DarkroomException.class, () -> JsonBody.read(endless, LIMIT));
    assertEquals(ErrorCode.TOO_LARGE, refused.code());
  }

  @Test
  void emojiAndAllOtherTextPass() {
    JsonBody body = read("{\"prompt\":\"🍎 é \\ud83c\\udf4e\"}");
    assertEquals("🍎 é 🍎", body.tree().get("prompt").textValue());
  }

  @Test
  void sameBytesHaveTheSameHash() {
    assertEquals(read("{\"a\":1}").hash(), read("{\"a\":1}").hash());
  }

  private static JsonBody read(String body) {
    return JsonBody.read(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)), LIMIT);
  }
}
