package dev.darkroom.diffusion.sampler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.JsonLines;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Whole runs against diffusers, with the network of {@code samplers.py}. */
class SamplerReferenceTest {
  private static final int SIZE = 24;

  @TestFactory
  Stream<DynamicTest> equalsDiffusers() {
    return JsonLines.read("/samplers/samplers.jsonl").stream()
        .map(
            fixture ->
                DynamicTest.dynamicTest(
                    "%s x %s%s"
                        .formatted(
                            fixture.get("config"),
                            fixture.get("steps"),
                            fixture.has("begin") ? " from " + fixture.get("begin") : ""),
                    () -> check(fixture)));
  }

  private static void check(JsonNode fixture) {
    SchedulerConfig config = SchedulerConfig.parse(fixture.get("config").toString());
    Sampler sampler = SamplerType.of(config).create(config, options(fixture));
    float[] timesteps = JsonLines.floats(fixture.get("timesteps"));
    assertEquals(timesteps.length, sampler.steps());
    // The level that an ancestral step goes down to is a small difference of squares, which
    // rounding
    // moves.
    boolean moved = sampler instanceof Kdpm2Ancestral;
    for (int i = 0; i < timesteps.length; i++) {
      float allowed = moved ? 0.02f : 2e-6f * (1 + Math.abs(timesteps[i]));
      assertEquals(timesteps[i], sampler.timestep(i), allowed, "time " + i);
    }
    float[] levels = JsonLines.floats(fixture.get("levels"));
    assertEquals(levels.length, sampler.sigmas().length);
    for (int i = 0; i < levels.length; i++) {
      assertEquals(levels[i], sampler.sigmas()[i], levels[i] * 1e-6f, "sigma " + i);
    }
    assertEquals(
        (float) fixture.get("init_noise_sigma").doubleValue(),
        sampler.initNoiseSigma(),
        1e-6f * sampler.initNoiseSigma());

    float tolerance = tolerance(sampler, config);
    SamplerState state = start(sampler, fixture);
    while (state.step() < sampler.steps()) {
      float t = sampler.timestep(state.step());
      SamplerState next = sampler.step(state, network(sampler.modelInput(state), t, state.step()));
      JsonNode middle = fixture.get("middle");
      if (state.step() == sampler.steps() / 2 && !middle.isEmpty()) {
        assertClose(JsonLines.floats(middle), next.sample(), tolerance, "middle");
      }
      state = next;
    }
    assertClose(JsonLines.floats(fixture.get("final")), state.sample(), tolerance, "final");
  }

  private static float tolerance(Sampler sampler, SchedulerConfig config) {
    if (sampler.initNoiseSigma() > 4000) {
      return 1e-4f; // zero terminal SNR in sigma space, where float32 itself is off by 7e-5
    }
    if (sampler instanceof Kdpm2Ancestral && sampler.steps() == 3) {
      return 1e-4f; // two steps, with the difference of squares that its times show
    }
    // Weights of the third order are differences of nearly equal float32 numbers.
    return config.integer("solver_order", 2) == 3 ? 4e-5f : 1e-5f;
  }

  private static SamplerOptions options(JsonNode fixture) {
    return new SamplerOptions(
        fixture.get("steps").intValue(),
        fixture.has("eta") ? fixture.get("eta").doubleValue() : null,
        fixture.has("mu") ? fixture.get("mu").doubleValue() : null,
        fixture.has("sigmas") ? JsonLines.floats(fixture.get("sigmas")) : null,
        fixture.has("original_inference_steps")
            ? fixture.get("original_inference_steps").intValue()
            : null,
        fixture.has("strength") ? fixture.get("strength").doubleValue() : null);
  }

  /** From noise, or from a noised picture at a later call. */
  private static SamplerState start(Sampler sampler, JsonNode fixture) {
    TorchGenerator generator = new TorchGenerator(fixture.get("seed").longValue());
    float[] first = generator.normal(SIZE);
    return fixture.has("begin")
        ? sampler.startAt(fixture.get("begin").intValue(), first, generator.normal(SIZE), generator)
        : sampler.start(first, generator);
  }

  static float[] network(float[] x, float t, int step) {
    float[] output = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      float bias = (float) (((i * 7 + step * 3) % 11 - 5) / 10.0);
      output[i] = 0.5f * x[i] + 0.25f * x[(i + 1) % x.length] + bias * (float) (1 - t / 2000.0);
    }
    return output;
  }

  private static void assertClose(float[] expected, float[] actual, float tolerance, String what) {
    float largest = 1;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], tolerance * largest, what + "[" + i + "]");
    }
  }
}
