package dev.darkroom.local.supervisor;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.darkroom.local.embedded.EmbeddedServiceException;
import dev.darkroom.local.embedded.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * What is drawn once for a data folder and kept in it, in {@code settings.json} of mode 600.
 *
 * <p>Ports are kept so that a presigned URL still works after a restart; one that was taken
 * meanwhile is drawn again.
 *
 * @param token what the owner of the folder calls the gateway with
 */
record Settings(
    String token,
    String postgresPassword,
    String s3AccessKey,
    String s3SecretKey,
    int postgresPort,
    int kafkaPort,
    int s3Port) {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final SecureRandom RANDOM = new SecureRandom();

  static Settings of(DataFolder folder) throws IOException {
    Settings kept = Files.exists(folder.settingsFile()) ? read(folder) : draw();
    var settings =
        new Settings(
            kept.token,
            kept.postgresPassword,
            kept.s3AccessKey,
            kept.s3SecretKey,
            keptOrFree(kept.postgresPort),
            keptOrFree(kept.kafkaPort),
            keptOrFree(kept.s3Port));
    DataFolder.writePrivately(folder.settingsFile(), JSON.writeValueAsString(settings));
    return settings;
  }

  private static Settings read(DataFolder folder) throws IOException {
    return JSON.readValue(folder.settingsFile().toFile(), Settings.class);
  }

  private static Settings draw() {
    return new Settings(
        "dr_" + secret(32), secret(24), "darkroom-" + secret(4), secret(24), 0, 0, 0);
  }

  private static int keptOrFree(int port) {
    try {
      return FreePort.check(port, "kept port");
    } catch (EmbeddedServiceException taken) {
      return FreePort.check(0, "new port");
    }
  }

  private static String secret(int bytes) {
    var drawn = new byte[bytes];
    RANDOM.nextBytes(drawn);
    return HexFormat.of().formatHex(drawn);
  }
}
