package dev.darkroom.diffusion.schedule;

/** One of the values that a text field of {@code scheduler_config.json} may take. */
public interface ConfigOption {
  /** The value as diffusers writes it. */
  String configName();
}
