package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.Sha256;
import java.util.Optional;
import javax.sql.DataSource;

/** Who may call: the hashes of tokens, never the tokens. */
public final class TokenStore {
  private final Database database;

  public TokenStore(DataSource source) {
    database = new Database(source);
  }

  /** The tenant that a token stands for, or empty where it is unknown or revoked. */
  public Optional<String> tenant(String token) {
    return database.find(
        "SELECT tenant FROM tokens WHERE hash = ? AND revoked_at IS NULL",
        row -> row.getString(1),
        Sha256.of(token).hex());
  }

  /** Lets a token in; one that was known stays as it was, revoked ones too. */
  public void add(String token, String tenant, String name) {
    database.update(
        "INSERT INTO tokens (hash, tenant, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        Sha256.of(token).hex(),
        tenant,
        name);
  }

  /** Lets a token in no more; whether it was let in before. */
  public boolean revoke(String token) {
    return database.update(
            "UPDATE tokens SET revoked_at = now() WHERE hash = ? AND revoked_at IS NULL",
            Sha256.of(token).hex())
        == 1;
  }
}
