package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The samplers that a request may name, each under its short name and the names that clients use.
 */
public enum SchedulerName {
  DDIM("ddim", "DDIMScheduler", "DDIM"),
  DDPM("ddpm", "DDPMScheduler", "DDPM"),
  PNDM("pndm", "PNDMScheduler", "PNDM"),
  LMS("lms", "LMSDiscreteScheduler", "KLMS", "K_LMS"),
  EULER("euler", "EulerDiscreteScheduler", "K_EULER"),
  EULER_ANCESTRAL("euler-a", "EulerAncestralDiscreteScheduler", "K_EULER_ANCESTRAL"),
  HEUN("heun", "HeunDiscreteScheduler", "HeunDiscrete", "HEUN", "K_HEUN"),
  KDPM2("dpm2", "KDPM2DiscreteScheduler", "K_DPM_2"),
  KDPM2_ANCESTRAL("dpm2-a", "KDPM2AncestralDiscreteScheduler", "K_DPM_2_ANCESTRAL"),
  DPMPP_2M("dpmpp-2m", "DPMSolverMultistepScheduler", "DPMSolverMultistep"),
  DPMPP_2M_KARRAS("dpmpp-2m-karras", "DPMSolverMultistepKarras", "KarrasDPM"),
  DPMPP_2M_SDE("dpmpp-2m-sde", "DPMSolverMultistepSDE"),
  DPMPP_2M_SDE_KARRAS("dpmpp-2m-sde-karras", "DPMSolverMultistepSDEKarras"),
  DPMPP_2S("dpmpp-2s", "DPMSolverSinglestepScheduler", "DPMSolverSinglestep"),
  DPMPP_SDE("dpmpp-sde", "DPMSolverSDEScheduler", "DPMSolverSDE"),
  DPMPP_SDE_KARRAS("dpmpp-sde-karras", "DPMSolverSDEKarras"),
  DEIS("deis", "DEISMultistepScheduler", "DEISMultistep"),
  UNIPC("unipc", "UniPCMultistepScheduler", "UniPCMultistep", "UniPC"),
  LCM("lcm", "LCMScheduler", "LCM"),
  TCD("tcd", "TCDScheduler", "TCD");

  private final String shortName;
  private final List<String> aliases;

  SchedulerName(String shortName, String... aliases) {
    this.shortName = shortName;
    this.aliases = List.of(aliases);
  }

  /** The name of the command line, of specs and of stored jobs. */
  @JsonValue
  public String shortName() {
    return shortName;
  }

  /** The other names it answers to: diffusers' class, then Replicate's. */
  public List<String> aliases() {
    return aliases;
  }

  /** The sampler of a short name or an alias, or empty. */
  public static Optional<SchedulerName> find(String name) {
    return Arrays.stream(values())
        .filter(s -> s.shortName.equals(name) || s.aliases.contains(name))
        .findFirst();
  }

  /**
   * The sampler of a short name or an alias; one sentence with the known names where it is none.
   */
  @JsonCreator
  public static SchedulerName of(String name) {
    return find(name)
        .orElseThrow(
            () ->
                Check.invalid(
                    "scheduler: expected one of %s, got \"%s\""
                        .formatted(
                            Arrays.stream(values())
                                .map(SchedulerName::shortName)
                                .collect(Collectors.joining(", ")),
                            name.substring(0, Math.min(name.length(), 60)))));
  }
}
