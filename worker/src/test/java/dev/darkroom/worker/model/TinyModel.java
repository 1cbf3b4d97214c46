package dev.darkroom.worker.model;

import java.nio.file.Path;

/** A random model of some thousand weights, complete in every component. */
public final class TinyModel {
  private TinyModel() {}

  /** Its diffusers folder, a fixture of the diffusion library. */
  public static Path folder() {
    return Path.of("../common/diffusion/src/test/resources/pipelines/tiny")
        .toAbsolutePath()
        .normalize();
  }
}
