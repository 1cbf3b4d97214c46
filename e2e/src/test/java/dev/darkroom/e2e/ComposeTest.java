package dev.darkroom.e2e;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * docker-compose.yml held against the code that reads it, as far as that goes without an engine.
 */
class ComposeTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Map<String, Object> COMPOSE = yaml("docker-compose.yml");
  private static final Pattern REQUIRED = Pattern.compile("\\$\\{([A-Z0-9_]+):\\?[^}]+}");

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "worker", "trainer"})
  void everySettingIsOneThatTheServiceReads(String service) {
    Settings settings = Settings.of(service);
    for (String name : environment(service).keySet()) {
      if (name.startsWith("DARKROOM_")) {
        assertTrue(
            settings.names().contains(name),
            "%s: docker-compose.yml sets %s, which its code does not read; it reads %s"
                .formatted(service, name, settings.names()));
      } else {
        assertTrue(name.startsWith("QUARKUS_"), service + ": " + name);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "worker", "trainer"})
  void everySettingThatTheServiceNeedsIsThere(String service) {
    Set<String> missing = new TreeSet<>(Settings.of(service).required());
    missing.removeAll(environment(service).keySet());
    assertEquals(Set.of(), missing, service + " does not start without these");
  }

  @Test
  void noSecretHasADefault() {
    for (String service : services().keySet()) {
      environment(service)
          .forEach(
              (name, value) -> {
                if (name.matches(".*(PASSWORD|SECRET|TOKEN|ACCESS_KEY|ROOT_USER|CLUSTER_ID).*")) {
                  assertTrue(
                      REQUIRED.matcher(String.valueOf(value)).matches(),
                      "%s: %s is %s; expected ${NAME:?what to do}".formatted(service, name, value));
                }
              });
    }
  }

  @Test
  void makeEnvMakesEverySecretThatComposeAsksFor() throws Exception {
    Set<String> asked = new TreeSet<>();
    REQUIRED.matcher(text("docker-compose.yml")).results().forEach(m -> asked.add(m.group(1)));
    Map<String, String> first = makeEnv();
    Map<String, String> second = makeEnv();
    assertEquals(asked, new TreeSet<>(first.keySet()));
    first.forEach(
        (name, value) -> {
          assertTrue(value.length() >= 20, name + " is too short to be a secret: " + value);
          assertNotEquals(value, second.get(name), name + " is the same at every run");
        });
  }

  @Test
  void everyServiceIsPinnedWatchedAndRestarted() {
    services()
        .forEach(
            (name, service) -> {
              String image = String.valueOf(service.get("image"));
              assertTrue(image.matches(".+:.*[0-9].*"), name + " has no version: " + image);
              assertNotNull(service.get("healthcheck"), name + " has no health check");
              assertEquals("unless-stopped", service.get("restart"), name);
            });
  }

  @Test
  void everyVolumeThatIsMountedIsNamed() {
    Map<?, ?> named = (Map<?, ?>) COMPOSE.get("volumes");
    services()
        .forEach(
            (name, service) -> {
              for (Object mount : (List<?>) service.getOrDefault("volumes", List.of())) {
                String volume = String.valueOf(mount).split(":")[0];
                assertTrue(named.containsKey(volume), name + " mounts " + volume);
              }
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"docker-compose.yml", "deploy/docker-compose.gpu.yml"})
  void everyBuildTargetIsAStageOfTheDockerfile(String file) {
    Set<String> stages =
        text("deploy/Dockerfile")
            .lines()
            .filter(line -> line.startsWith("FROM "))
            .map(line -> line.substring(line.lastIndexOf(' ') + 1))
            .collect(toCollection(TreeSet::new));
    servicesOf(yaml(file))
        .forEach(
            (name, service) -> {
              if (service.get("build") instanceof Map<?, ?> build) {
                assertTrue(
                    stages.contains(String.valueOf(build.get("target"))),
                    "%s: %s is none of %s".formatted(name, build.get("target"), stages));
              }
            });
  }

  @Test
  void theGpuOverrideNamesOnlyServicesThatExist() {
    Map<String, Map<String, Object>> overrides = servicesOf(yaml("deploy/docker-compose.gpu.yml"));
    assertTrue(services().keySet().containsAll(overrides.keySet()), overrides.keySet().toString());
    assertEquals(Set.of("worker", "trainer"), overrides.keySet());
  }

  private static Map<String, String> makeEnv() throws IOException, InterruptedException {
    Process process = new ProcessBuilder(ROOT.resolve("deploy/make-env").toString()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor());
    Map<String, String> values = new java.util.TreeMap<>();
    printed
        .lines()
        .map(line -> line.split("=", 2))
        .forEach(parts -> values.put(parts[0], parts[1]));
    return values;
  }

  @SuppressWarnings("unchecked") // the shape of a compose file
  private static Map<String, Object> environment(String service) {
    return (Map<String, Object>) services().get(service).getOrDefault("environment", Map.of());
  }

  private static Map<String, Map<String, Object>> services() {
    return servicesOf(COMPOSE);
  }

  @SuppressWarnings("unchecked") // the shape of a compose file
  private static Map<String, Map<String, Object>> servicesOf(Map<String, Object> compose) {
    return (Map<String, Map<String, Object>>) compose.get("services");
  }

  private static Map<String, Object> yaml(String file) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(options)).load(text(file));
  }

  private static String text(String file) {
    try {
      return Files.readString(ROOT.resolve(file));
    } catch (IOException e) {
      throw new IllegalStateException("the test runs in the module's folder, below the root", e);
    }
  }
}
