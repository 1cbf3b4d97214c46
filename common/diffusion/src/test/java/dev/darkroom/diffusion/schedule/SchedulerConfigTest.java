package dev.darkroom.diffusion.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.sampler.SamplerOptions;
import dev.darkroom.diffusion.sampler.SamplerType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SchedulerConfigTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          dpmpp-2m | {"algorithm_type": "sde-other"}          | algorithm_type
          dpmpp-2m | {"algorithm_type": "dpmsolver"}          | final_sigmas_type
          dpmpp-2m | {"algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min", "solver_order": 3} | solver_order
          dpmpp-2m | {"solver_order": 4}                      | solver_order
          dpmpp-2m | {"solver_type": "rk4"}                   | solver_type
          dpmpp-2m | {"prediction_type": "flow_prediction"}   | prediction_type
          dpmpp-2m | {"variance_type": "learned_range"}       | variance_type
          dpmpp-2m | {"use_karras_sigmas": true, "use_beta_sigmas": true} | use_beta_sigmas
          dpmpp-2m | {"use_karras_sigmas": true, "use_flow_sigmas": true} | use_flow_sigmas
          dpmpp-2s | {"algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min"} | algorithm_type
          deis     | {"algorithm_type": "sde-dpmsolver++"}    | algorithm_type
          deis     | {"solver_type": "rk4"}                   | solver_type
          unipc    | {"solver_type": "bh1"}                   | solver_type
          unipc    | {"predict_x0": false}                    | predict_x0
          unipc    | {"lower_order_final": false}             | lower_order_final
          unipc    | {"solver_p": {"a": 1}}                   | solver_p
          unipc    | {"shift_terminal": 0.1}                  | shift_terminal
          unipc    | {"disable_corrector": ["one"]}           | disable_corrector
          euler    | {"interpolation_type": "cubic"}          | interpolation_type
          euler    | {"timestep_type": "sometimes"}           | timestep_type
          euler    | {"final_sigmas_type": "last"}            | final_sigmas_type
          euler    | {"prediction_type": "flow_prediction"}   | prediction_type
          pndm     | {"prediction_type": "sample"}            | prediction_type
          ddim-inverse | {"timestep_spacing": "linspace"}     | timestep_spacing
          edm-euler | {"prediction_type": "sample"}           | prediction_type
          flow-euler | {"use_dynamic_shifting": true}         | use_dynamic_shifting
          ddpm     | {"variance_type": "learned_range"}       | variance_type
          ddim     | {"beta_schedule": "quadratic"}           | beta_schedule
          ddim     | {"num_train_timesteps": "many"}          | num_train_timesteps
          ddim     | {"num_train_timesteps": 0}               | num_train_timesteps
          ddim     | {"clip_sample": "yes"}                   | clip_sample
          ddim     | {"betas": [1]}                           | betas
          ddim     | {"beta_start": -0.001}                   | beta_start is -0.001, expected 0 to 1
          ddim     | {"beta_end": 5}                          | beta_end is 5, expected 0 to 1
          ddim     | {"beta_end": NaN}                        | beta_end
          euler    | {"trained_betas": [0.1, 1.5]}            | trained_betas is [0.1,1.5], expected shares of 0 to 1
          edm-euler | {"sigma_min": 90}                       | sigma_min
          dpmpp-sde | {"noise_sampler_seed": -1}              | noise_sampler_seed
          dpmpp-sde | {"noise_sampler_seed": 0.5}             | noise_sampler_seed
          dpmpp-2m-inverse | {"algorithm_type": "sde-dpmsolver++"} | algorithm_type
          consistency | {"num_train_timesteps": 10, "sigma_min": 0} | sigma_min
          flow-lcm | {"scale_factors": [0.5, 1.0]}            | scale_factors
          """)
  void refusesWhatItCannotHonourByName(String sampler, String json, String field) {
    DiffusionException refusal =
        assertThrows(
            DiffusionException.class,
            () -> SamplerType.parse(sampler).create(SchedulerConfig.parse(json), 10, 0));
    assertTrue(refusal.getMessage().contains(field), refusal.getMessage());
  }

  @Test
  void showsTheBeginningOfALongValue() {
    String many = "0.5, ".repeat(999) + "2";
    DiffusionException refusal =
        assertThrows(
            DiffusionException.class,
            () ->
                SamplerType.DDIM.create(
                    SchedulerConfig.parse("{\"trained_betas\": [" + many + "]}"), 10, 0));
    assertTrue(refusal.getMessage().contains("0.5,0.5..., expected"), refusal.getMessage());
  }

  @Test
  void leavesTheFieldsOfOtherSchedulersAlone() {
    SchedulerConfig config =
        SchedulerConfig.parse(
            """
            {"_class_name": "DPMSolverMultistepScheduler", "_diffusers_version": "0.30.0", "skip_prk_steps": true,
             "lambda_min_clipped": -Infinity, "solver_order": 3, "trained_betas": null}
            """);
    assertEquals(10, SamplerType.DDIM.create(config, 10, 0).steps());
    assertEquals(SamplerType.DPMPP_2M, SamplerType.of(config));
    assertEquals(
        SamplerType.DPMPP_2M_KARRAS, SamplerType.of(config.with("use_karras_sigmas", true)));
  }

  @Test
  void trailingGivesAsManyTimesAsWereAskedFor() {
    SchedulerConfig config = SchedulerConfig.ofClass("").with("timestep_spacing", "trailing");
    for (int steps = 1; steps <= 1000; steps++) {
      int[] times = Timesteps.of(config, steps);
      assertEquals(steps, times.length);
      assertEquals(999, times[0]);
      assertTrue(times[steps - 1] >= 0, steps + " steps end at " + times[steps - 1]);
    }
  }

  @ParameterizedTest
  @EnumSource(SamplerType.class)
  void refusesStepsOutsideTheSchedule(SamplerType type) {
    SchedulerConfig config = SchedulerConfig.ofClass("").with("steps_offset", 1);
    assertThrows(DiffusionException.class, () -> type.create(config, 0, 0));
    assertThrows(DiffusionException.class, () -> type.create(config, 1001, 0));
  }

  @Test
  void refusesStepsThatTheSamplerHasNot() {
    SchedulerConfig config = SchedulerConfig.ofClass("").with("steps_offset", 1);
    // 1000 leading steps and an offset of 1 would ask for time 1000 of 1000.
    assertThrows(DiffusionException.class, () -> SamplerType.DDIM.create(config, 1000, 0));
    assertThrows(DiffusionException.class, () -> SamplerType.LCM.create(config, 51, 0));
    assertThrows(DiffusionException.class, () -> SamplerType.PNDM.create(config, 3, 0));
  }

  @Test
  void refusesOptionsThatTheSamplerHasNot() {
    SchedulerConfig config = SchedulerConfig.ofClass("");
    assertThrows(DiffusionException.class, () -> SamplerType.DDIM.create(config, 10, 1.5));
    assertThrows(DiffusionException.class, () -> SamplerType.TCD.create(config, 10, -0.1));
    assertThrows(DiffusionException.class, () -> SamplerType.DDIM.create(config, 10, Double.NaN));
    SamplerOptions all = new SamplerOptions(2, 0.0, 1.0, new float[] {1, 0.5f}, 50, null);
    for (SamplerType type : SamplerType.values()) {
      assertThrows(DiffusionException.class, () -> type.create(config, all), type.shortName());
    }
  }

  @Test
  void knowsASamplerByAllItsNames() {
    for (SamplerType type : SamplerType.values()) {
      assertEquals(type, SamplerType.parse(type.shortName()));
      assertEquals(type.className(), SamplerType.parse(type.className()).className());
      assertEquals(
          type.className(), SamplerType.of(SchedulerConfig.ofClass(type.className())).className());
    }
    assertEquals(SamplerType.DPMPP_2M, SamplerType.parse("DPMSolverMultistepScheduler"));
    assertEquals(SamplerType.DPMPP_SDE, SamplerType.parse("DPMSolverSDEScheduler"));
  }

  @Test
  void refusesTextThatIsNoConfiguration() {
    for (String text : new String[] {"", "<html>", "[]", "3", "{\"num_train_timesteps\":"}) {
      assertThrows(DiffusionException.class, () -> SchedulerConfig.parse(text), text);
    }
  }
}
