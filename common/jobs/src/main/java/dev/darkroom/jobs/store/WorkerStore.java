package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobKind;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;

/** Who is there to work: what the dispatcher's window and the status page are made of. */
public final class WorkerStore {
  /** How often a worker tells that it is there. */
  public static final Duration BEAT = Duration.ofSeconds(3);

  /** Silence after which a worker no longer counts. */
  private static final Duration GONE = BEAT.multipliedBy(3);

  private final Database database;

  public WorkerStore(DataSource source) {
    database = new Database(source);
  }

  /** Tells that a worker is there, with how many slots and how many of them busy. */
  public void beat(String name, JobKind kind, String pool, int slots, int busy) {
    database.update(
        """
        INSERT INTO workers (name, kind, pool, slots, busy) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE
          SET kind = excluded.kind, pool = excluded.pool, slots = excluded.slots,
              busy = excluded.busy, seen_at = excluded.seen_at""",
        name,
        kind.text(),
        pool,
        slots,
        busy);
  }

  /** Tells that a worker leaves. */
  public void leave(String name) {
    database.update("DELETE FROM workers WHERE name = ?", name);
  }

  /** How many jobs those who are there can run at a time. */
  public int slots(JobKind kind, String pool) {
    return database
        .find(
            """
            SELECT coalesce(sum(slots), 0) FROM workers
             WHERE kind = ? AND pool = ? AND seen_at > clock_timestamp() - make_interval(secs => ?)""",
            row -> row.getInt(1),
            kind.text(),
            pool,
            GONE.toMillis() / 1000.0)
        .orElseThrow();
  }

  /** Those who are there, by name. */
  public List<Worker> present() {
    return database.query(
        """
        SELECT name, kind, pool, slots, busy, started_at, seen_at FROM workers
         WHERE seen_at > clock_timestamp() - make_interval(secs => ?) ORDER BY name""",
        row ->
            new Worker(
                row.getString("name"),
                JobKind.of(row.getString("kind")),
                row.getString("pool"),
                row.getInt("slots"),
                row.getInt("busy"),
                JobRows.instant(row, "started_at").orElseThrow(),
                JobRows.instant(row, "seen_at").orElseThrow()),
        GONE.toMillis() / 1000.0);
  }

  /** Forgets those who left without a word long ago; how many. */
  public int expire() {
    return database.update(
        "DELETE FROM workers WHERE seen_at < clock_timestamp() - interval '1 hour'");
  }
}
