package dev.darkroom.local.supervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
  @TempDir private Path temporary;

  @Test
  void secondLauncherIsToldWhichProcessHasTheFolder() throws Exception {
    var folder = new DataFolder(temporary.resolve("data"));
    long self = ProcessHandle.current().pid();
    try (var lock = folder.lock()) {
      assertEquals(folder, lock.folder());
      var refused = assertThrows(SupervisorException.class, folder::lock);
      assertTrue(
          refused.getMessage().contains("already up on " + folder.root()), refused.getMessage());
      assertTrue(refused.getMessage().contains(Long.toString(self)), refused.getMessage());
      assertEquals(Optional.of(self), folder.runningLauncher());
    }
    assertEquals(Optional.empty(), folder.runningLauncher());
    folder.lock().close();
  }

  @Test
  void nobodyElseReadsTheFolderOrItsSecrets() throws Exception {
    var folder = new DataFolder(temporary.resolve("data"));
    folder.lock().close();
    Settings.of(folder);
    assertEquals("rwx------", mode(folder.root()));
    assertEquals("rw-------", mode(folder.settingsFile()));
  }

  @Test
  void secretsAndPortsAreDrawnOnceAFolder() throws Exception {
    var folder = new DataFolder(temporary.resolve("one"));
    folder.lock().close();
    var drawn = Settings.of(folder);
    assertEquals(drawn, Settings.of(folder));

    var another = new DataFolder(temporary.resolve("another"));
    another.lock().close();
    assertTrue(!drawn.token().equals(Settings.of(another).token()));
  }

  @Test
  void portTakenSinceIsDrawnAgain() throws Exception {
    var folder = new DataFolder(temporary.resolve("data"));
    folder.lock().close();
    var drawn = Settings.of(folder);
    try (var stranger =
        new java.net.ServerSocket(drawn.s3Port(), 1, java.net.InetAddress.getLoopbackAddress())) {
      var again = Settings.of(folder);
      assertTrue(again.s3Port() != stranger.getLocalPort());
      assertEquals(drawn.kafkaPort(), again.kafkaPort());
      assertEquals(drawn.token(), again.token());
    }
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
