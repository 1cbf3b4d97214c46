package dev.darkroom.trainer.starter;

import dev.darkroom.trainer.data.DiskErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where each stage of the build leaves its files. */
record WorkFolder(Path root) {

  /** The user's cache folder, as the XDG base directory specification has it. */
  static Path standard() {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path base =
        cache == null || cache.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return base.resolve("darkroom/starter");
  }

  Path downloads() {
    return made(root.resolve("downloads"));
  }

  Path dataset() {
    return root.resolve("dataset");
  }

  /**
   * What the U-Net is trained beside: text encoder, tokenizer, schedule, and then the autoencoder.
   */
  Path model() {
    return root.resolve("model");
  }

  Path autoencoder() {
    return made(root.resolve("autoencoder"));
  }

  /** Where a run of the U-Net's training keeps its state; runs count from 0. */
  Path unet(int run) {
    return made(root.resolve("unet" + suffix(run)));
  }

  /** The latents of the pictures, between runs. */
  Path latents() {
    return made(root.resolve("latents"));
  }

  /** The model that a run of the U-Net's training has finished. */
  Path result(int run) {
    return root.resolve("result" + suffix(run));
  }

  private static String suffix(int run) {
    return run == 0 ? "" : "-" + (run + 1);
  }

  private static Path made(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiskErrors.writing(folder, e);
    }
  }
}
