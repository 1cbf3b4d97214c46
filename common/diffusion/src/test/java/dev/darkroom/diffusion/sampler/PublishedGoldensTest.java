package dev.darkroom.diffusion.sampler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.darkroom.diffusion.JsonLines;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The sums and means that diffusers' own tests hold, over its dummy model x t / (t + 1) and its
 * dummy sample.
 */
class PublishedGoldensTest {
  private static final int BATCH = 4;

  @TestFactory
  Stream<DynamicTest> equalsThePublishedFigures() {
    return JsonLines.lines("/samplers/goldens.tsv").stream()
        .filter(line -> !line.startsWith("#"))
        .map(line -> List.of(line.split("\t")))
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.get(0) + " " + row.get(2) + " " + row.get(3), () -> check(row)));
  }

  private static void check(List<String> row) {
    float[] result = run(row.get(0), config(row.get(1), row.get(2)), row.get(2));
    double total = 0;
    for (float value : result) {
      total += row.get(3).equals("sum") ? Math.abs(value) : Math.abs(value) / result.length;
    }
    // The figures were printed with four digits of a float32 sum.
    double expected = Double.parseDouble(row.get(4));
    assertEquals(expected, total, Math.max(Double.parseDouble(row.get(5)), 1e-6 * expected));
  }

  private static float[] run(String scheduler, SchedulerConfig config, String golden) {
    SamplerType type = type(scheduler);
    int steps =
        switch (type) {
          case DDPM -> 1000;
          case LCM, TCD, CONSISTENCY -> golden.contains("onestep") ? 1 : 10;
          default -> golden.equals("full_uneven_loop") ? 50 : 10;
        };
    Sampler sampler = type.create(config, steps, 0);
    float[] sample = sample(scheduler.endsWith("_1d") ? 3 * 8 : 3 * 8 * 8);
    if (golden.equals("full_uneven_loop")) {
      return finish(sampler, SamplerState.at(3, sample, new TorchGenerator(0)));
    }
    for (int i = 0; i < sample.length; i++) {
      sample[i] *= sampler.initNoiseSigma();
    }
    if (!golden.equals("full_loop_with_noise")) {
      return finish(sampler, SamplerState.at(0, sample, new TorchGenerator(0)));
    }
    int skipped =
        switch (type) {
          case DDPM -> 998;
          case DPMPP_2M, DPMPP_2S -> 5;
          default -> 8 * sampler.order();
        };
    float[] noise = noise(sample.length / BATCH);
    return finish(sampler, sampler.startAt(skipped, sample, noise, new TorchGenerator(0)));
  }

  private static SamplerType type(String scheduler) {
    return switch (scheduler) {
      case "cm" -> SamplerType.CONSISTENCY;
      case "ddim", "ddim_parallel" -> SamplerType.DDIM;
      case "ddim_inverse" -> SamplerType.DDIM_INVERSION;
      case "ddpm", "ddpm_parallel" -> SamplerType.DDPM;
      case "deis" -> SamplerType.DEIS;
      case "dpm_multi" -> SamplerType.DPMPP_2M;
      case "dpm_sde" -> SamplerType.DPMPP_SDE;
      case "dpm_single" -> SamplerType.DPMPP_2S;
      case "edm_euler" -> SamplerType.EDM_EULER;
      case "euler" -> SamplerType.EULER;
      case "euler_ancestral" -> SamplerType.EULER_ANCESTRAL;
      case "heun" -> SamplerType.HEUN;
      case "kdpm2_ancestral" -> SamplerType.KDPM2_ANCESTRAL;
      case "kdpm2_discrete" -> SamplerType.KDPM2;
      case "lcm" -> SamplerType.LCM;
      case "lms" -> SamplerType.LMS;
      case "pndm" -> SamplerType.PNDM;
      case "sasolver" -> SamplerType.SA_SOLVER;
      case "tcd" -> SamplerType.TCD;
      case "unipc", "unipc_1d" -> SamplerType.UNIPC;
      default -> throw new IllegalArgumentException(scheduler);
    };
  }

  /** What the row says ({@code name: value, ...}, as Python prints it) and its case adds. */
  private static SchedulerConfig config(String text, String golden) {
    String json =
        text.replaceAll("(\\w+): ([^,]+)", "\"$1\": \"$2\"")
            .replaceAll("\"(True|False|None|-inf|[-0-9.e]+)\"", "$1")
            .replace("True", "true")
            .replace("False", "false")
            .replace("None", "null")
            .replace("-inf", "-Infinity");
    SchedulerConfig config = SchedulerConfig.parse("{" + json + "}");
    if (golden.contains("v_prediction")) {
      config = config.with("prediction_type", "v_prediction");
    }
    if (golden.contains("karras")) {
      config = config.with("use_karras_sigmas", true);
    }
    if (golden.contains("_lu_")) {
      config = config.with("use_lu_lambdas", true);
    }
    return switch (golden) {
      case "full_loop_with_set_alpha_to_one" ->
          config.with("set_alpha_to_one", true).with("beta_start", 0.01);
      case "full_loop_with_no_set_alpha_to_one" ->
          config.with("set_alpha_to_one", false).with("beta_start", 0.01);
      case "full_loop_no_noise_thres" ->
          config
              .with("thresholding", true)
              .with("dynamic_thresholding_ratio", 0.87)
              .with("sample_max_value", 0.5);
      default -> config;
    };
  }

  /**
   * One row of the sampler holds the whole batch: the tests of diffusers draw its noise at once.
   */
  private static float[] finish(Sampler sampler, SamplerState start) {
    SamplerState state = start;
    while (state.step() < sampler.steps()) {
      float t = sampler.timestep(state.step());
      float[] input = sampler.modelInput(state);
      // The tests of diffusers step k-diffusion's samplers from the scaled input: not how they are
      // used, but what the figures hold.
      if (sampler instanceof SigmaSampler) {
        state = state.withSample(input);
      }
      float[] prediction = new float[input.length];
      for (int i = 0; i < input.length; i++) {
        prediction[i] = input[i] * (t / (t + 1));
      }
      state = sampler.step(state, prediction);
    }
    return state.sample();
  }

  /** arange / size as (3,8,8,4), permuted to (4,3,8,8). */
  private static float[] sample(int row) {
    float[] sample = new float[BATCH * row];
    for (int b = 0; b < BATCH; b++) {
      for (int i = 0; i < row; i++) {
        sample[b * row + i] = (float) (i * BATCH + b) / sample.length;
      }
    }
    return sample;
  }

  /** The same counted down. */
  private static float[] noise(int row) {
    float[] noise = new float[BATCH * row];
    for (int b = 0; b < BATCH; b++) {
      for (int i = 0; i < row; i++) {
        noise[b * row + i] = (float) (noise.length - 1 - (i * BATCH + b)) / noise.length;
      }
    }
    return noise;
  }
}
