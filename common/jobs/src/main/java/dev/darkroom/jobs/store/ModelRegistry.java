package dev.darkroom.jobs.store;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.sql.DataSource;

/** Models and their versions. */
public final class ModelRegistry {
  private static final String VERSION = "owner, name, id, schema, size, source_job, created_at";
  private static final String MODEL =
      """
      SELECT m.owner AS m_owner, m.name AS m_name, tenant, description, visibility,
             m.created_at AS m_created_at, v.*
        FROM models m
        LEFT JOIN LATERAL (
          SELECT * FROM model_versions v WHERE v.owner = m.owner AND v.name = m.name
           ORDER BY created_at DESC, id LIMIT 1) v ON true
      """;

  private final Database database;

  public ModelRegistry(DataSource source) {
    database = new Database(source);
  }

  /**
   * Makes a model without versions.
   *
   * @throws DarkroomException {@code CONFLICT} where the name is taken
   */
  public Model create(
      ModelName name, String tenant, String description, Model.Visibility visibility) {
    int made =
        database.update(
            """
            INSERT INTO models (owner, name, tenant, description, visibility)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
            name.owner(),
            name.name(),
            tenant,
            description,
            text(visibility));
    if (made == 0) {
      throw new DarkroomException(
          ErrorCode.CONFLICT, "model: expected a new name, but %s exists".formatted(name));
    }
    return find(name).orElseThrow();
  }

  /**
   * Registers a version, and its model where that is new; a version that is registered already
   * stays as it is.
   */
  public ModelVersion register(
      ModelName name, String tenant, Sha256 id, JsonNode schema, long size) {
    database.transaction(
        connection -> register(connection, name, tenant, id, schema, size, Optional.empty()));
    return version(name, id).orElseThrow();
  }

  /** Registers what a training made, in the transaction that ends it. */
  static void register(Connection connection, Result.Trained trained, JobId source)
      throws SQLException {
    String tenant =
        Database.query(
                connection,
                "SELECT tenant FROM jobs WHERE id = ?",
                row -> row.getString(1),
                source.value())
            .getFirst();
    register(
        connection,
        trained.model(),
        tenant,
        trained.version(),
        trained.schema(),
        trained.size(),
        Optional.of(source));
  }

  private static int register(
      Connection connection,
      ModelName name,
      String tenant,
      Sha256 id,
      JsonNode schema,
      long size,
      Optional<JobId> source)
      throws SQLException {
    Database.update(
        connection,
        "INSERT INTO models (owner, name, tenant) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        name.owner(),
        name.name(),
        tenant);
    return Database.update(
        connection,
        """
        INSERT INTO model_versions (owner, name, id, schema, size, source_job)
        VALUES (?, ?, ?, ?::json, ?, ?) ON CONFLICT DO NOTHING""",
        name.owner(),
        name.name(),
        id.hex(),
        Json.write(schema),
        size,
        source.map(JobId::value).orElse(null));
  }

  /** A model by its name. */
  public Optional<Model> find(ModelName name) {
    return database.find(
        MODEL + " WHERE m.owner = ? AND m.name = ?",
        ModelRegistry::readModel,
        name.owner(),
        name.name());
  }

  /** A page of the models that a tenant sees (its own and public ones), newest first. */
  public Page<Model> list(String tenant, Optional<Cursor> cursor, int limit) {
    return search(tenant, "", cursor, limit);
  }

  /** As {@link #list}, of models whose name or description contains {@code text}. */
  public Page<Model> search(String tenant, String text, Optional<Cursor> cursor, int limit) {
    boolean backward = cursor.map(Cursor::backward).orElse(false);
    StringBuilder sql =
        new StringBuilder(MODEL)
            .append(" WHERE (tenant = ? OR visibility = 'public')")
            .append(" AND strpos(lower(m.owner || '/' || m.name || ' ' || description), ?) > 0");
    List<Object> parameters = new ArrayList<>(List.of(tenant, text.toLowerCase(Locale.ROOT)));
    cursor.ifPresent(
        place -> {
          sql.append(
              " AND (m.created_at, m.owner || '/' || m.name) %s (?, ?)"
                  .formatted(backward ? ">" : "<"));
          parameters.add(place.createdAt().atOffset(ZoneOffset.UTC));
          parameters.add(place.id());
        });
    String order = backward ? "ASC" : "DESC";
    sql.append(
        " ORDER BY m.created_at %s, m.owner || '/' || m.name %s LIMIT ?".formatted(order, order));
    parameters.add(limit + 1);
    List<Model> rows =
        database.query(sql.toString(), ModelRegistry::readModel, parameters.toArray());
    return Page.of(
        rows,
        limit,
        cursor,
        model -> new Cursor(model.createdAt(), model.name().toString(), false));
  }

  /** A version of a model. */
  public Optional<ModelVersion> version(ModelName name, Sha256 id) {
    return database.find(
        "SELECT " + VERSION + " FROM model_versions WHERE owner = ? AND name = ? AND id = ?",
        ModelRegistry::readVersion,
        name.owner(),
        name.name(),
        id.hex());
  }

  /** The oldest registration of a version under any name: what a bare version id means. */
  public Optional<ModelVersion> version(Sha256 id) {
    return database.find(
        "SELECT " + VERSION + " FROM model_versions WHERE id = ? ORDER BY created_at LIMIT 1",
        ModelRegistry::readVersion,
        id.hex());
  }

  /** The newest version of a model: what its bare name means. */
  public Optional<ModelVersion> latest(ModelName name) {
    return database.find(
        "SELECT "
            + VERSION
            + " FROM model_versions WHERE owner = ? AND name = ?"
            + " ORDER BY created_at DESC, id LIMIT 1",
        ModelRegistry::readVersion,
        name.owner(),
        name.name());
  }

  /** The versions of a model, newest first. */
  public List<ModelVersion> versions(ModelName name) {
    return database.query(
        "SELECT "
            + VERSION
            + " FROM model_versions WHERE owner = ? AND name = ? ORDER BY created_at DESC, id",
        ModelRegistry::readVersion,
        name.owner(),
        name.name());
  }

  /** Removes a version from the registry; whether there was one. Its blobs may serve others. */
  public boolean delete(ModelName name, Sha256 id) {
    return database.update(
            "DELETE FROM model_versions WHERE owner = ? AND name = ? AND id = ?",
            name.owner(),
            name.name(),
            id.hex())
        == 1;
  }

  /** Removes a model without versions; whether there was one. */
  public boolean delete(ModelName name) {
    return database.update(
            """
            DELETE FROM models m WHERE owner = ? AND name = ? AND NOT EXISTS (
              SELECT FROM model_versions v WHERE v.owner = m.owner AND v.name = m.name)""",
            name.owner(),
            name.name())
        == 1;
  }

  private static String text(Model.Visibility visibility) {
    return visibility.name().toLowerCase(Locale.ROOT);
  }

  private static Model readModel(ResultSet row) throws SQLException {
    return new Model(
        new ModelName(row.getString("m_owner"), row.getString("m_name")),
        row.getString("tenant"),
        row.getString("description"),
        Model.Visibility.valueOf(row.getString("visibility").toUpperCase(Locale.ROOT)),
        JobRows.instant(row, "m_created_at").orElseThrow(),
        row.getString("id") == null ? Optional.empty() : Optional.of(readVersion(row)));
  }

  private static ModelVersion readVersion(ResultSet row) throws SQLException {
    return new ModelVersion(
        new ModelName(row.getString("owner"), row.getString("name")),
        new Sha256(row.getString("id")),
        Json.tree(row.getString("schema")),
        row.getLong("size"),
        Optional.ofNullable(row.getString("source_job")).map(JobId::new),
        JobRows.instant(row, "created_at").orElseThrow());
  }
}
