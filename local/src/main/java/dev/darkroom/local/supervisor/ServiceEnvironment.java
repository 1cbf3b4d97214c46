package dev.darkroom.local.supervisor;

import java.net.URI;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where the services find Kafka, Postgres and S3: the environment that gateway, worker and trainer
 * share.
 *
 * @param kafka bootstrap servers
 * @param postgresUrl JDBC address
 * @param s3Endpoint as the services and the readers of presigned URLs reach it
 */
public record ServiceEnvironment(
    String kafka,
    String postgresUrl,
    String postgresUser,
    String postgresPassword,
    URI s3Endpoint,
    String s3AccessKey,
    String s3SecretKey,
    String s3Bucket,
    String s3Region) {

  /** The variables by name; {@code docker-compose.yml} names the same. */
  public Map<String, String> variables() {
    var variables = new TreeMap<String, String>();
    variables.put("DARKROOM_KAFKA_BOOTSTRAP_SERVERS", kafka);
    variables.put("DARKROOM_POSTGRES_URL", postgresUrl);
    variables.put("DARKROOM_POSTGRES_USER", postgresUser);
    variables.put("DARKROOM_POSTGRES_PASSWORD", postgresPassword);
    variables.put("DARKROOM_S3_ENDPOINT", s3Endpoint.toString());
    variables.put("DARKROOM_S3_PUBLIC_ENDPOINT", s3Endpoint.toString());
    variables.put("DARKROOM_S3_ACCESS_KEY", s3AccessKey);
    variables.put("DARKROOM_S3_SECRET_KEY", s3SecretKey);
    variables.put("DARKROOM_S3_BUCKET", s3Bucket);
    variables.put("DARKROOM_S3_REGION", s3Region);
    // Each glibc arena of each thread would keep memory of its own.
    variables.put("MALLOC_ARENA_MAX", "2");
    return variables;
  }
}
