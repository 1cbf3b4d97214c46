package dev.darkroom.gateway;

import dev.darkroom.local.embedded.TestServices;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Real Kafka, Postgres and S3 for a gateway under test, and a tiny model for it to import. */
public final class GatewayServices implements QuarkusTestResourceLifecycleManager {
  static final String TOKEN = "r8_token-of-the-gateway-tests";

  @Override
  public Map<String, String> start() {
    Map<String, String> settings = new HashMap<>(settings());
    settings.put("darkroom.postgres-url", TestServices.postgres().freshDatabase());
    settings.put("darkroom.postgres-user", TestServices.postgres().user());
    settings.put("darkroom.postgres-password", TestServices.postgres().password());
    settings.put("darkroom.kafka-bootstrap-servers", TestServices.kafka().bootstrapServers());
    return settings;
  }

  /** All but Postgres and Kafka. */
  static Map<String, String> settings() {
    int port = freePort();
    return Map.ofEntries(
        Map.entry("quarkus.http.test-port", Integer.toString(port)),
        Map.entry("darkroom.public-url", "http://127.0.0.1:" + port),
        Map.entry("darkroom.s3-endpoint", TestServices.s3().endpoint()),
        Map.entry("darkroom.s3-access-key", TestServices.s3().accessKey()),
        Map.entry("darkroom.s3-secret-key", TestServices.s3().secretKey()),
        Map.entry("quarkus.log.category.\"kafka\".level", "WARN"),
        Map.entry("quarkus.log.category.\"state.change.logger\".level", "WARN"),
        Map.entry("darkroom.bootstrap-token", TOKEN),
        Map.entry("darkroom.private-addresses", "loopback"),
        Map.entry("darkroom.starter-path", starter().toString()));
  }

  @Override
  public void stop() {
    // The services live as long as the JVM.
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A folder that looks like a text-to-image model; nobody computes with it here. */
  private static Path starter() {
    try {
      Path folder = Files.createTempDirectory("darkroom-gateway-starter-");
      write(folder, "model_index.json", "{\"_class_name\": \"StableDiffusionPipeline\"}");
      write(folder, "vae/config.json", "{\"block_out_channels\": [16, 48, 96, 128]}");
      write(folder, "unet/config.json", "{\"sample_size\": 16}");
      write(
          folder,
          "scheduler/scheduler_config.json",
          "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"lambda_min_clipped\": -Infinity}");
      write(folder, "unet/diffusion_pytorch_model.safetensors", "weights");
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path folder, String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
