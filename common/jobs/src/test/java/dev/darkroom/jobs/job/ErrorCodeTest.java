package dev.darkroom.jobs.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorCodeTest {
  @ParameterizedTest
  @EnumSource
  void saysTheSameToCallersRetriesAndRecords(ErrorCode code) {
    switch (code.kind()) {
      case USER, CANCELED -> {
        assertEquals(4, code.httpStatus() / 100);
        assertEquals(Acknowledgement.ACCEPT, code.acknowledgement());
      }
      case CAPACITY -> assertEquals(503, code.httpStatus());
      case INTERNAL -> {
        assertEquals(500, code.httpStatus());
        assertEquals(Acknowledgement.REJECT, code.acknowledgement());
      }
    }
    assertEquals(code.kind() == ErrorKind.CAPACITY, code.isRetryable());
  }

  @ParameterizedTest
  @EnumSource
  void goesThroughItsText(ErrorCode code) {
    assertEquals(code, ErrorCode.of(code.text()));
  }
}
