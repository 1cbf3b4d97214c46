package dev.darkroom.diffusion.schedule;

/** What the network predicts. */
public enum PredictionType implements ConfigOption {
  /** The noise. Ho et al. 2020. */
  EPSILON("epsilon"),
  /** v = alpha_t e - sigma_t x_0. Salimans and Ho 2022. */
  V_PREDICTION("v_prediction"),
  /** The clean sample x_0 itself. */
  SAMPLE("sample"),
  /** The velocity e - x_0 of a straight path. Lipman et al. 2023 (flow matching). */
  FLOW("flow_prediction");

  private final String configName;

  PredictionType(String configName) {
    this.configName = configName;
  }

  @Override
  public String configName() {
    return configName;
  }
}
