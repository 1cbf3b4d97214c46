package dev.darkroom.gateway.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorizationTest {

  @ParameterizedTest
  @ValueSource(strings = {"Bearer r8_abc", "Token r8_abc", "bearer  r8_abc ", "TOKEN r8_abc"})
  void bearerAndTheOlderTokenSchemeCarryAToken(String header) {
    assertEquals(Optional.of("r8_abc"), Authorization.token(header));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer", "Bearer ", "Basic dTpw", "r8_abc"})
  void anythingElseCarriesNone(String header) {
    assertEquals(Optional.empty(), Authorization.token(header));
  }

  @Test
  void absentOrHugeHeaderCarriesNone() {
    assertEquals(Optional.empty(), Authorization.token(null));
    assertEquals(Optional.empty(), Authorization.token("Bearer " + "x".repeat(10_000)));
  }
}
