package dev.darkroom.diffusion.sampler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SamplerStateTest {
  private static final SchedulerConfig CONFIG =
      SchedulerConfig.ofClass("DDIMScheduler")
          .with("beta_schedule", "scaled_linear")
          .with("clip_sample", false)
          .with("skip_prk_steps", true);

  @ParameterizedTest
  @EnumSource(SamplerType.class)
  void savedAtAnyStepEndsInTheSameBits(SamplerType type) {
    Sampler sampler = type.create(CONFIG, 6, 0.5);
    savedAtAnyStepEndsInTheSameBits(sampler, start(sampler));
  }

  private static void savedAtAnyStepEndsInTheSameBits(Sampler sampler, SamplerState start) {
    float[] uninterrupted = run(sampler, start).sample();
    SamplerState state = start;
    while (true) {
      SamplerState restored = SamplerState.fromBytes(state.toBytes());
      assertEquals(state.step(), restored.step());
      assertArrayEquals(uninterrupted, run(sampler, restored).sample(), "cut at " + state.step());
      if (state.step() == sampler.steps()) {
        return;
      }
      state = step(sampler, state);
    }
  }

  /** The Runge-Kutta steps of PNDM, the third order of the solvers, noise at every step. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          pndm     | {"skip_prk_steps": false}
          dpmpp-2m | {"solver_order": 3}
          dpmpp-2m | {"solver_order": 3, "algorithm_type": "sde-dpmsolver++"}
          dpmpp-2s | {"solver_order": 3, "algorithm_type": "sde-dpmsolver++"}
          dpmpp-2m-inverse | {"solver_order": 3, "algorithm_type": "dpmsolver"}
          dpmpp-sde | {"noise_sampler_seed": 9007199254740993}
          deis     | {"solver_order": 3}
          unipc    | {"solver_order": 5, "disable_corrector": [2]}
          flow-euler | {"stochastic_sampling": true}
          """)
  void savedAtAnyStepEndsInTheSameBitsInEveryMode(String name, String json) {
    Sampler sampler = SamplerType.parse(name).create(SchedulerConfig.parse(json), 7, 0);
    savedAtAnyStepEndsInTheSameBits(sampler, start(sampler));
  }

  @ParameterizedTest
  @EnumSource(SamplerType.class)
  void savedInARunFromAPictureEndsInTheSameBits(SamplerType type) {
    Sampler sampler = type.create(CONFIG, 6, 0.5);
    TorchGenerator generator = new TorchGenerator(3);
    savedAtAnyStepEndsInTheSameBits(
        sampler,
        sampler.startAt(
            2 * sampler.order(), generator.normal(48), generator.normal(48), generator));
  }

  @ParameterizedTest
  @EnumSource(SamplerType.class)
  void steppingLeavesTheStateAsItWas(SamplerType type) {
    Sampler sampler = type.create(CONFIG, 4, 0.5);
    SamplerState state = step(sampler, start(sampler));
    byte[] before = state.toBytes();
    SamplerState once = step(sampler, state);
    SamplerState again = step(sampler, state);
    assertArrayEquals(before, state.toBytes());
    assertArrayEquals(once.toBytes(), again.toBytes());
  }

  @Test
  void refusesDamagedBytes() {
    Sampler sampler = SamplerType.DPMPP_2M.create(CONFIG, 4, 0);
    byte[] bytes = step(sampler, start(sampler)).toBytes();
    for (int length : new int[] {0, 3, 8, 12, 100, bytes.length - 1}) {
      assertThrows(
          DiffusionException.class, () -> SamplerState.fromBytes(Arrays.copyOf(bytes, length)));
    }
    byte[] lying = bytes.clone();
    lying[12 + TorchGenerator.STATE_BYTES + 4] = 0x70; // the length of the sample
    assertThrows(DiffusionException.class, () -> SamplerState.fromBytes(lying));
  }

  private static SamplerState start(Sampler sampler) {
    TorchGenerator generator = new TorchGenerator(11);
    return sampler.start(generator.normal(48), generator);
  }

  private static SamplerState step(Sampler sampler, SamplerState state) {
    float t = sampler.timestep(state.step());
    return sampler.step(
        state, SamplerReferenceTest.network(sampler.modelInput(state), t, state.step()));
  }

  private static SamplerState run(Sampler sampler, SamplerState state) {
    while (state.step() < sampler.steps()) {
      state = step(sampler, state);
    }
    return state;
  }
}
