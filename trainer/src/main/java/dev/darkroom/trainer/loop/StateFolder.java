package dev.darkroom.trainer.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A checkpoint's files: one safetensors a learner, and {@code checkpoint.json} with the step, the
 * run's identity and the SHA-256 of every file, all of which are verified when it is read.
 */
final class StateFolder {
  private static final String MANIFEST = "checkpoint.json";
  private static final int VERSION = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  private record Manifest(int version, int step, String identity, Map<String, String> sha256) {}

  private final String identity;
  private final List<Learner> learners;

  StateFolder(String identity, List<Learner> learners) {
    this.identity = identity;
    this.learners = learners;
  }

  /** Writes a checkpoint to a folder that exists while {@code saver} keeps its files. */
  void write(int step, Consumer<Path> saver) {
    try {
      Path folder = Files.createTempDirectory("darkroom-checkpoint-");
      try {
        Map<String, String> hashes = new TreeMap<>();
        for (Learner learner : learners) {
          Path file = folder.resolve(learner.name() + ".safetensors");
          SafetensorsWriter.write(file, learner.state(), TensorType.F32, Map.of());
          hashes.put(file.getFileName().toString(), sha256(file));
        }
        Files.write(
            folder.resolve(MANIFEST),
            JSON.writerWithDefaultPrettyPrinter()
                .writeValueAsBytes(new Manifest(VERSION, step, identity, hashes)));
        saver.accept(folder);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing the checkpoint of step " + step, e);
    }
  }

  /**
   * Sets the learners to a checkpoint.
   *
   * @return the optimizer steps done in it
   * @throws DiffusionException if a file is not the one that was written, or of another run
   */
  int read(Path folder) {
    try {
      Manifest manifest =
          JSON.readValue(Files.readAllBytes(folder.resolve(MANIFEST)), Manifest.class);
      if (manifest.version() != VERSION || !manifest.identity().equals(identity)) {
        throw DiffusionException.badInput(
            "checkpoint %s: it belongs to a run with another config or other data; use another folder, or go on with those"
                .formatted(folder));
      }
      for (Learner learner : learners) {
        String name = learner.name() + ".safetensors";
        Path file = folder.resolve(name);
        String expected = manifest.sha256().get(name);
        String actual = sha256(file);
        if (!actual.equals(expected)) {
          throw DiffusionException.badCheckpoint(
              "checkpoint %s: expected %s with SHA-256 %s, got %s; it is damaged, remove it"
                  .formatted(folder, name, expected, actual));
        }
        read(file, learner);
      }
      return manifest.step();
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(
          "checkpoint %s: cannot be read: %s".formatted(folder, e.getMessage()), e);
    }
  }

  private static void read(Path path, Learner learner) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        SafetensorsFile file = SafetensorsFile.open(path)) {
      Map<String, NDArray> saved = new LinkedHashMap<>();
      file.tensors().keySet().forEach(key -> saved.put(key, file.read(key, manager)));
      learner.restore(saved);
    }
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(((DigestInputStream) in).getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
