package dev.darkroom.local.supervisor;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceTest {
  /** What keeps it under 250 MB here keeps it there in a container. */
  @Test
  void gatewayHasTheSameFlagsInItsContainer() throws IOException {
    String image = Files.readString(Path.of("../deploy/Dockerfile"));
    String gateway =
        image.substring(image.indexOf("FROM runtime AS gateway"), image.indexOf("AS tensor"));
    List<String> own = new ArrayList<>(Service.GATEWAY.flags());
    own.removeAll(Service.WORKER.flags());
    assertFalse(own.isEmpty());
    for (String flag : own) {
      assertTrue(gateway.contains('"' + flag + '"'), flag + " in " + gateway);
    }
  }
}
