package dev.darkroom.gateway.auth;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.store.TokenStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Says which tenant a request comes from. A token that was good is good for some seconds more
 * without asking Postgres, which is how long a revoked one lives on.
 */
public final class TokenAuthority {
  private static final Duration TRUST = Duration.ofSeconds(15);
  private static final int MAX_REMEMBERED = 10_000;

  private final TokenStore tokens;
  private final Clock clock;
  private final Map<Sha256, Known> known = new ConcurrentHashMap<>();

  private record Known(String tenant, Instant until) {}

  public TokenAuthority(TokenStore tokens, Clock clock) {
    this.tokens = tokens;
    this.clock = clock;
  }

  /**
   * The tenant of a request.
   *
   * @param header its {@code Authorization}
   * @throws DarkroomException {@link ErrorCode#UNAUTHENTICATED} where no valid token came
   */
  public String tenant(@Nullable String header) {
    String token = Authorization.token(header).orElseThrow(TokenAuthority::unauthenticated);
    Sha256 hash = Sha256.of(token);
    Instant now = clock.instant();
    Known remembered = known.get(hash);
    if (remembered != null && now.isBefore(remembered.until())) {
      return remembered.tenant();
    }
    known.remove(hash);
    String tenant = tokens.tenant(token).orElseThrow(TokenAuthority::unauthenticated);
    if (known.size() >= MAX_REMEMBERED) {
      known.clear();
    }
    known.put(hash, new Known(tenant, now.plus(TRUST)));
    return tenant;
  }

  private static DarkroomException unauthenticated() {
    // Clients compare these words.
    return new DarkroomException(
        ErrorCode.UNAUTHENTICATED, "You did not pass a valid authentication token");
  }
}
