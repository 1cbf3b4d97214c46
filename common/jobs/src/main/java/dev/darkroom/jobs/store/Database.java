package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Runs SQL over a pool of connections, one transaction a call, with typed errors. */
final class Database {
  private final DataSource source;

  Database(DataSource source) {
    this.source = source;
  }

  /** Work inside one transaction. */
  interface Work<T extends @Nullable Object> {
    T run(Connection connection) throws SQLException;
  }

  /** Reads the row that a result stands on. */
  interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** Commits what {@code work} did, or rolls it back if it throws. */
  <T extends @Nullable Object> T transaction(Work<T> work) {
    try (Connection connection = source.getConnection()) {
      connection.setAutoCommit(false);
      T result;
      try {
        result = work.run(connection);
        connection.commit();
      } catch (SQLException | RuntimeException | Error e) {
        rollBack(connection, e);
        throw e;
      }
      connection.setAutoCommit(true);
      return result;
    } catch (SQLException e) {
      throw typed(e);
    }
  }

  /** The rows of one statement, in a transaction of its own. */
  <T> List<T> query(String sql, Row<T> row, @Nullable Object... parameters) {
    try (Connection connection = source.getConnection()) {
      return query(connection, sql, row, parameters);
    } catch (SQLException e) {
      throw typed(e);
    }
  }

  /** The first row of one statement, if there is one. */
  <T> Optional<T> find(String sql, Row<T> row, @Nullable Object... parameters) {
    return query(sql, row, parameters).stream().findFirst();
  }

  /** How many rows one statement changed, in a transaction of its own. */
  int update(String sql, @Nullable Object... parameters) {
    try (Connection connection = source.getConnection()) {
      return update(connection, sql, parameters);
    } catch (SQLException e) {
      throw typed(e);
    }
  }

  static <T> List<T> query(
      Connection connection, String sql, Row<T> row, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet result = statement.executeQuery()) {
      List<T> rows = new ArrayList<>();
      while (result.next()) {
        rows.add(row.read(result));
      }
      return rows;
    }
  }

  static int update(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters)) {
      return statement.executeUpdate();
    }
  }

  private static PreparedStatement prepare(
      Connection connection, String sql, @Nullable Object... parameters) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      for (int i = 0; i < parameters.length; i++) {
        if (parameters[i] instanceof Object[] array) {
          statement.setArray(i + 1, connection.createArrayOf(elementType(array), array));
        } else {
          statement.setObject(i + 1, parameters[i]);
        }
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  private static String elementType(Object[] array) {
    if (array instanceof Integer[]) {
      return "integer";
    }
    return array instanceof Long[] ? "bigint" : "text";
  }

  private static void rollBack(Connection connection, Throwable cause) {
    try {
      connection.rollback();
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /**
   * Classes 08 (connection), 53 (resources), 57 (operator: shutdown, crash) and 25006 (a standby)
   * pass with time, as do pool timeouts, which carry no state; 40 (serialisation, deadlock) too.
   */
  private static DarkroomException typed(SQLException e) {
    String state = e.getSQLState();
    boolean passing =
        state == null
            || state.startsWith("08")
            || state.startsWith("53")
            || state.startsWith("57")
            || state.startsWith("40")
            || state.equals("25006");
    return passing
        ? new DarkroomException(
            ErrorCode.DATABASE_UNAVAILABLE, "the database does not answer: " + e.getMessage(), e)
        : new DarkroomException(
            ErrorCode.INTERNAL, "the database refused a statement: " + e.getMessage(), e);
  }
}
