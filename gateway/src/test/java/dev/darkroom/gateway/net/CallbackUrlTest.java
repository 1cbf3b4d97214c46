package dev.darkroom.gateway.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallbackUrlTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "receiver",
        "/hook",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@example.com/",
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://exa mple.com/",
        "javascript:alert(1)"
      })
  void urlThatCouldNotOrMustNotBeCalledIsRefusedInOneSentence(String url) {
    DarkroomException refused =
        assertThrows(
            DarkroomException.class,
            () -> CallbackUrl.check("webhook", url, PrivateAddresses.DENY));
    assertEquals(ErrorCode.INVALID_INPUT, refused.code());
    assertTrue(refused.getMessage().startsWith("webhook: expected "), refused.getMessage());
  }

  @Test
  void passwordOfAUrlIsNotRepeated() {
    DarkroomException refused =
        assertThrows(
            DarkroomException.class,
            () -> CallbackUrl.check("webhook", "http://u:hunter2@h/", PrivateAddresses.DENY));
    assertTrue(!refused.getMessage().contains("hunter2"), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://example.com/hook?x=1#f", "http://93.184.216.34/", "HTTPS://e.x/"})
  void publicUrlIsKeptAsItIs(String url) {
    assertEquals(url, CallbackUrl.check("webhook", url, PrivateAddresses.DENY));
  }
}
