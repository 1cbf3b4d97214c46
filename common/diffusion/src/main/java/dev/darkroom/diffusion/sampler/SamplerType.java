package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The samplers there are, by the names that requests use. Some names are a class of diffusers with
 * one field set: they have no class name of their own there, and come after the plain one.
 */
public enum SamplerType {
  DDIM("ddim", "DDIMScheduler", "DDIMParallelScheduler"),
  DDIM_INVERSION("ddim-inverse", "DDIMInverseScheduler"),
  DDPM("ddpm", "DDPMScheduler", "DDPMParallelScheduler"),
  PNDM("pndm", "PNDMScheduler"),
  LMS("lms", "LMSDiscreteScheduler"),
  LMS_KARRAS("lms-karras", "LMSDiscreteScheduler"),
  EULER("euler", "EulerDiscreteScheduler"),
  EULER_KARRAS("euler-karras", "EulerDiscreteScheduler"),
  EULER_ANCESTRAL("euler-a", "EulerAncestralDiscreteScheduler"),
  HEUN("heun", "HeunDiscreteScheduler"),
  KDPM2("dpm2", "KDPM2DiscreteScheduler"),
  KDPM2_KARRAS("dpm2-karras", "KDPM2DiscreteScheduler"),
  KDPM2_ANCESTRAL("dpm2-a", "KDPM2AncestralDiscreteScheduler"),
  KDPM2_ANCESTRAL_KARRAS("dpm2-a-karras", "KDPM2AncestralDiscreteScheduler"),
  DPMPP_2M("dpmpp-2m", "DPMSolverMultistepScheduler"),
  DPMPP_2M_KARRAS("dpmpp-2m-karras", "DPMSolverMultistepScheduler"),
  DPMPP_2M_SDE("dpmpp-2m-sde", "DPMSolverMultistepScheduler"),
  DPMPP_2M_SDE_KARRAS("dpmpp-2m-sde-karras", "DPMSolverMultistepScheduler"),
  DPMPP_3M("dpmpp-3m", "DPMSolverMultistepScheduler"),
  DPMPP_3M_SDE("dpmpp-3m-sde", "DPMSolverMultistepScheduler"),
  DPMPP_2S("dpmpp-2s", "DPMSolverSinglestepScheduler"),
  DPMPP_2S_KARRAS("dpmpp-2s-karras", "DPMSolverSinglestepScheduler"),
  DPMPP_2M_INVERSION("dpmpp-2m-inverse", "DPMSolverMultistepInverseScheduler"),
  DPMPP_SDE("dpmpp-sde", "DPMSolverSDEScheduler"),
  DPMPP_SDE_KARRAS("dpmpp-sde-karras", "DPMSolverSDEScheduler"),
  DEIS("deis", "DEISMultistepScheduler"),
  UNIPC("unipc", "UniPCMultistepScheduler"),
  SA_SOLVER("sa-solver", "SASolverScheduler"),
  LCM("lcm", "LCMScheduler"),
  TCD("tcd", "TCDScheduler"),
  EDM_EULER("edm-euler", "EDMEulerScheduler"),
  EDM_DPMPP_2M("edm-dpmpp-2m", "EDMDPMSolverMultistepScheduler"),
  IPNDM("ipndm", "IPNDMScheduler"),
  CONSISTENCY("consistency", "CMStochasticIterativeScheduler"),
  FLOW_MATCH_EULER("flow-euler", "FlowMatchEulerDiscreteScheduler"),
  FLOW_MATCH_HEUN("flow-heun", "FlowMatchHeunDiscreteScheduler"),
  FLOW_MATCH_LCM("flow-lcm", "FlowMatchLCMScheduler");

  private static final Set<SamplerType> TAKE_MU =
      EnumSet.of(
          DPMPP_2M,
          DPMPP_2M_SDE,
          DPMPP_3M,
          DPMPP_3M_SDE,
          DPMPP_2S,
          DEIS,
          UNIPC,
          FLOW_MATCH_EULER,
          FLOW_MATCH_LCM);
  private static final Set<SamplerType> TAKE_SIGMAS =
      EnumSet.of(EULER, UNIPC, FLOW_MATCH_EULER, FLOW_MATCH_LCM);

  private final String shortName;
  private final List<String> classNames;

  SamplerType(String shortName, String... classNames) {
    this.shortName = shortName;
    this.classNames = List.of(classNames);
  }

  /** {@code dpmpp-2m}, for one. */
  public String shortName() {
    return shortName;
  }

  /** {@code DPMSolverMultistepScheduler}, for one. */
  public String className() {
    return classNames.getFirst();
  }

  /** Whether its times are among those of a distillation. */
  public boolean isDistilled() {
    return this == LCM || this == TCD;
  }

  /** The sampler of a short name or of a diffusers class name. */
  public static SamplerType parse(String name) {
    for (SamplerType type : values()) {
      if (type.shortName.equals(name.toLowerCase(Locale.ROOT)) || type.classNames.contains(name)) {
        return type;
      }
    }
    throw DiffusionException.badInput(
        "scheduler: expected one of %s, got %s".formatted(names(), name));
  }

  /** The sampler that a model's own configuration names. */
  public static SamplerType of(SchedulerConfig config) {
    String name = config.className();
    for (SamplerType type : values()) {
      if (type.classNames.contains(name)) {
        return type == DPMPP_2M && config.flag("use_karras_sigmas", false) ? DPMPP_2M_KARRAS : type;
      }
    }
    throw DiffusionException.badInput(
        "scheduler: the model's own is %s, which is not supported; choose one of %s"
            .formatted(name, names()));
  }

  /**
   * This sampler on a model's schedule: {@code X.from_config(config)}.
   *
   * @param steps the number of steps, in [1, T]
   * @param eta the share of noise in [0, 1], which DDIM and TCD have
   */
  public Sampler create(SchedulerConfig config, int steps, double eta) {
    return create(config, SamplerOptions.of(steps, eta));
  }

  /** This sampler on a model's schedule: {@code X.from_config(config)}. */
  public Sampler create(SchedulerConfig config, SamplerOptions options) {
    options.allowOnly(TAKE_MU.contains(this), TAKE_SIGMAS.contains(this), isDistilled());
    int steps = options.steps();
    return switch (this) {
      case DDIM -> new Ddim(config, steps, options.etaOr(0));
      case DDIM_INVERSION -> new DdimInversion(config, steps);
      case DDPM -> new Ddpm(config, steps);
      case PNDM -> new Pndm(config, steps);
      case LMS -> new Lms(config, steps);
      case LMS_KARRAS -> new Lms(karras(config), steps);
      case EULER -> new Euler(config, steps, options.sigmas());
      case EULER_KARRAS -> new Euler(karras(config), steps, null);
      case EULER_ANCESTRAL -> new EulerAncestral(config, steps);
      case HEUN -> new Heun(config, steps);
      case KDPM2 -> new Kdpm2(config, steps);
      case KDPM2_KARRAS -> new Kdpm2(karras(config), steps);
      case KDPM2_ANCESTRAL -> new Kdpm2Ancestral(config, steps);
      case KDPM2_ANCESTRAL_KARRAS -> new Kdpm2Ancestral(karras(config), steps);
      case DPMPP_2M -> new DpmSolverMultistep(config, steps, options.mu());
      case DPMPP_2M_KARRAS -> new DpmSolverMultistep(karras(config), steps, null);
      case DPMPP_2M_SDE -> new DpmSolverMultistep(sde(config), steps, options.mu());
      case DPMPP_2M_SDE_KARRAS -> new DpmSolverMultistep(karras(sde(config)), steps, null);
      case DPMPP_3M -> new DpmSolverMultistep(config.with("solver_order", 3), steps, options.mu());
      case DPMPP_3M_SDE ->
          new DpmSolverMultistep(sde(config).with("solver_order", 3), steps, options.mu());
      case DPMPP_2S -> new DpmSolverSinglestep(config, steps, options.mu());
      case DPMPP_2S_KARRAS -> new DpmSolverSinglestep(karras(config), steps, null);
      case DPMPP_2M_INVERSION -> new DpmSolverMultistepInversion(config, steps);
      case DPMPP_SDE -> new DpmSolverSde(config, steps);
      case DPMPP_SDE_KARRAS -> new DpmSolverSde(karras(config), steps);
      case DEIS -> new Deis(config, steps, options.mu());
      case UNIPC -> new UniPc(config, steps, options.mu(), options.sigmas());
      case SA_SOLVER -> new SaSolver(config, steps);
      case LCM -> new Lcm(config, steps, options.originalSteps(), options.strengthOr1());
      case TCD ->
          new Tcd(
              config, steps, options.etaOr(0.3), options.originalSteps(), options.strengthOr1());
      case EDM_EULER -> new EdmEuler(config, steps);
      case EDM_DPMPP_2M -> new EdmDpmSolverMultistep(config, steps);
      case IPNDM -> new Ipndm(config, steps);
      case CONSISTENCY -> new ConsistencyMultistep(config, steps);
      case FLOW_MATCH_EULER -> new FlowMatchEuler(config, steps, options.mu(), options.sigmas());
      case FLOW_MATCH_HEUN -> new FlowMatchHeun(config, steps);
      case FLOW_MATCH_LCM -> new FlowMatchLcm(config, steps, options.mu(), options.sigmas());
    };
  }

  private static SchedulerConfig karras(SchedulerConfig config) {
    return config.with("use_karras_sigmas", true);
  }

  private static SchedulerConfig sde(SchedulerConfig config) {
    return config.with("algorithm_type", "sde-dpmsolver++");
  }

  private static String names() {
    return Arrays.stream(values()).map(SamplerType::shortName).collect(Collectors.joining(", "));
  }
}
