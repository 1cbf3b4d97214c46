package dev.darkroom.diffusion.schedule;

/** The noise level that a sampler ends at. */
public enum FinalSigma implements ConfigOption {
  ZERO("zero"),
  /** The smallest level of training. */
  SIGMA_MIN("sigma_min");

  private final String configName;

  FinalSigma(String configName) {
    this.configName = configName;
  }

  @Override
  public String configName() {
    return configName;
  }
}
