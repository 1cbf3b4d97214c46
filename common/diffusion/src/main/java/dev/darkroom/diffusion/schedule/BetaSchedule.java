package dev.darkroom.diffusion.schedule;

/** The curve of the betas. */
public enum BetaSchedule implements ConfigOption {
  /** Ho et al. 2020. */
  LINEAR("linear"),
  /** Linear in the square root: the schedule of latent diffusion (CompVis calls it "linear"). */
  SCALED_LINEAR("scaled_linear"),
  /** Nichol and Dhariwal 2021, the cosine schedule. */
  SQUAREDCOS_CAP_V2("squaredcos_cap_v2"),
  /** A sigmoid over [-6, 6]. Xu et al. 2022 (GeoDiff). */
  SIGMOID("sigmoid"),
  /** abar = exp(-12 t), cut as the cosine schedule is. */
  EXP("exp"),
  /** A Laplace density over log SNR. Hang et al. 2024. */
  LAPLACE("laplace");

  private final String configName;

  BetaSchedule(String configName) {
    this.configName = configName;
  }

  @Override
  public String configName() {
    return configName;
  }
}
