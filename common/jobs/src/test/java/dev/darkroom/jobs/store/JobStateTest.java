package dev.darkroom.jobs.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.darkroom.jobs.job.JobState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds the enum, the schema and the picture together. */
class JobStateTest {
  @Test
  void theSchemaKnowsTheSameStates() {
    try (TestDatabase database = TestDatabase.create()) {
      String constraint =
          new Database(database.source)
              .find(
                  "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'jobs_state'",
                  row -> row.getString(1))
              .orElseThrow();
      Set<String> known =
          Pattern.compile("'(\\w+)'::text")
              .matcher(constraint)
              .results()
              .map(match -> match.group(1))
              .collect(Collectors.toCollection(TreeSet::new));
      Set<String> states = new TreeSet<>();
      for (JobState state : JobState.values()) {
        states.add(state.text());
      }
      assertEquals(states, known);
    }
  }

  @Test
  void theSchemaAllowsTheSameMoves() throws SQLException {
    try (TestDatabase database = TestDatabase.create()) {
      Set<String> expected = new TreeSet<>();
      Set<String> allowed = new TreeSet<>();
      for (JobState from : JobState.values()) {
        from.moves().forEach(to -> expected.add(from.text() + " --> " + to.text()));
        for (JobState to : JobState.values()) {
          if (isAllowed(database, from, to)) {
            allowed.add(from.text() + " --> " + to.text());
          }
        }
      }
      assertEquals(expected, allowed);
    }
  }

  @Test
  void thePictureShowsTheSameMoves() throws IOException {
    Set<String> expected = new TreeSet<>();
    for (JobState from : JobState.values()) {
      from.moves().forEach(to -> expected.add(from.text() + " --> " + to.text()));
    }
    Set<String> drawn =
        Pattern.compile("^ +(\\w+ --> \\w+)$", Pattern.MULTILINE)
            .matcher(Files.readString(Path.of("STATES.md")))
            .results()
            .map(MatchResult::group)
            .map(String::strip)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(expected, drawn);
  }

  /** Tries the move with a row that satisfies every other constraint. */
  private static boolean isAllowed(TestDatabase database, JobState from, JobState to)
      throws SQLException {
    String id = database.queued().value();
    try (Connection connection = database.source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER TABLE jobs DISABLE TRIGGER jobs_guard_move");
      statement.execute(move(id, from, 0));
      statement.execute("ALTER TABLE jobs ENABLE TRIGGER jobs_guard_move");
      // That nothing changes is no move; a state that may follow itself does so by an attempt.
      statement.execute(move(id, to, 1));
      return true;
    } catch (SQLException e) {
      assertEquals("23514", e.getSQLState(), e.getMessage());
      return false;
    }
  }

  private static String move(String id, JobState to, int attempts) {
    return """
        UPDATE jobs SET state = '%s', attempt = attempt + %d,
               completed_at = %s, error_code = %s, result = %s, heartbeat_at = %s
         WHERE id = '%s'"""
        .formatted(
            to.text(),
            attempts,
            to.isDone() ? "now()" : "NULL",
            to == JobState.FAILED ? "'internal'" : "NULL",
            to == JobState.SUCCEEDED ? "'{}'" : "NULL",
            to == JobState.RUNNING ? "now()" : "NULL",
            id);
  }
}
