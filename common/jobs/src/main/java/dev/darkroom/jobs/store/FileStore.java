package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.Sha256;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/** What is known of uploaded files. */
public final class FileStore {
  private static final String COLUMNS =
      "id, tenant, name, content_type, size, sha256, md5, metadata, created_at, expires_at";

  private final Database database;

  public FileStore(DataSource source) {
    database = new Database(source);
  }

  /** Records a file whose bytes are stored already. */
  public void insert(StoredFile file) {
    database.update(
        """
        INSERT INTO files (id, tenant, name, content_type, size, sha256, md5, metadata, created_at,
                           expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?::json, ?, ?)""",
        file.id(),
        file.tenant(),
        Ending.text(file.name()),
        file.contentType(),
        file.size(),
        file.sha256().hex(),
        file.md5(),
        Json.write(file.metadata()),
        file.createdAt().atOffset(ZoneOffset.UTC),
        file.expiresAt().map(time -> time.atOffset(ZoneOffset.UTC)).orElse(null));
  }

  /** A tenant's file. */
  public Optional<StoredFile> find(String tenant, String id) {
    return database.find(
        "SELECT " + COLUMNS + " FROM files WHERE tenant = ? AND id = ?",
        FileStore::read,
        tenant,
        id);
  }

  /** A page of a tenant's files, newest first. */
  public Page<StoredFile> list(String tenant, Optional<Cursor> cursor, int limit) {
    boolean backward = cursor.map(Cursor::backward).orElse(false);
    StringBuilder sql = new StringBuilder("SELECT " + COLUMNS + " FROM files WHERE tenant = ?");
    List<Object> parameters = new ArrayList<>(List.of(tenant));
    cursor.ifPresent(
        place -> {
          sql.append(" AND (created_at, id) %s (?, ?)".formatted(backward ? ">" : "<"));
          parameters.add(place.createdAt().atOffset(ZoneOffset.UTC));
          parameters.add(place.id());
        });
    String order = backward ? "ASC" : "DESC";
    sql.append(" ORDER BY created_at %s, id %s LIMIT ?".formatted(order, order));
    parameters.add(limit + 1);
    List<StoredFile> rows = database.query(sql.toString(), FileStore::read, parameters.toArray());
    return Page.of(rows, limit, cursor, file -> new Cursor(file.createdAt(), file.id(), false));
  }

  /** Forgets a tenant's file; whether there was one. Its object is to be deleted next. */
  public boolean delete(String tenant, String id) {
    return database.update("DELETE FROM files WHERE tenant = ? AND id = ?", tenant, id) == 1;
  }

  /** Forgets files past their time; returns their ids, whose objects are to be deleted next. */
  public List<String> expire(int limit) {
    return database.query(
        """
        DELETE FROM files WHERE id IN (
          SELECT id FROM files WHERE expires_at < now() ORDER BY expires_at LIMIT ?
             FOR UPDATE SKIP LOCKED)
        RETURNING id""",
        row -> row.getString(1),
        limit);
  }

  private static StoredFile read(ResultSet row) throws SQLException {
    return new StoredFile(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("name"),
        row.getString("content_type"),
        row.getLong("size"),
        new Sha256(row.getString("sha256")),
        row.getString("md5"),
        Json.tree(row.getString("metadata")),
        JobRows.instant(row, "created_at").orElseThrow(),
        JobRows.instant(row, "expires_at"));
  }
}
