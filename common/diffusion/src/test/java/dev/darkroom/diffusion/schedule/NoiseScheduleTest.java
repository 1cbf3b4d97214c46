package dev.darkroom.diffusion.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.JsonLines;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.random.TorchGenerator;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class NoiseScheduleTest {
  private static final SchedulerConfig SD =
      SchedulerConfig.ofClass("DDPMScheduler")
          .with("beta_start", 0.00085)
          .with("beta_end", 0.012)
          .with("beta_schedule", "scaled_linear");

  @Test
  void alphasCumprodHaveTheBitsOfPyTorch() {
    for (JsonNode fixture : JsonLines.read("/samplers/schedules.jsonl")) {
      String config = fixture.get("config").toString();
      NoiseSchedule schedule = NoiseSchedule.of(SchedulerConfig.parse(config));
      float[] expected = JsonLines.floats(fixture.get("alphas_cumprod"));
      int stride = Math.max(1, schedule.numTrainTimesteps() / 10);
      for (int i = 0; i < expected.length; i++) {
        assertEquals(
            expected[i],
            schedule.alphasCumprod(i * stride),
            1e-6f * expected[i],
            config + " at " + i * stride);
      }
      // PyTorch's square root is another one on other processors: see the next test.
      if (!fixture.get("config").has("rescale_betas_zero_snr")) {
        assertEquals(
            fixture.get("alphas_cumprod_sha256").textValue(),
            JsonLines.sha256(schedule.alphasCumprod()),
            config);
      }
    }
  }

  /** On this processor: its square root is not correctly rounded, and the last times show it. */
  @Test
  void rescaledSchedulesHaveTheBitsOfPyTorch() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Program reference =
          Program.compile(
              manager,
              """
              def rescaled(self, betas: Tensor) -> Tensor:
                roots = torch.sqrt(torch.cumprod(torch.rsub(betas, 1), 0))
                first = torch.clone(roots[0])
                last = torch.clone(roots[-1])
                roots = torch.mul(torch.sub(roots, last), torch.div(first, torch.sub(first, last)))
                squares = torch.pow(roots, 2)
                alphas = torch.cat([squares[:1], torch.div(squares[1:], squares[:-1])])
                return torch.cumprod(torch.rsub(torch.rsub(alphas, 1), 1), 0)
              """);
      for (SchedulerConfig config :
          List.of(SD, SD.with("beta_schedule", "linear"), SD.with("num_train_timesteps", 50))) {
        NoiseSchedule schedule = NoiseSchedule.of(config);
        float[] betas = new float[schedule.numTrainTimesteps()];
        for (int t = 0; t < betas.length; t++) {
          betas[t] = schedule.beta(t);
        }
        assertArrayEquals(
            reference.call("rescaled").tensor(manager.create(betas)).run().toFloatArray(),
            NoiseSchedule.of(config.with("rescale_betas_zero_snr", true)).alphasCumprod(),
            config.toJson());
      }
    }
  }

  @Test
  void signalFallsAndNoiseRises() {
    NoiseSchedule schedule = NoiseSchedule.of(SD);
    for (int t = 1; t < schedule.numTrainTimesteps(); t++) {
      assertTrue(schedule.alphasCumprod(t) < schedule.alphasCumprod(t - 1));
      assertTrue(schedule.snr(t) < schedule.snr(t - 1));
    }
    assertEquals(0.00466010f, schedule.alphasCumprod(999), 1e-8f);
  }

  @Test
  void zeroTerminalSnrEndsInPureNoise() {
    NoiseSchedule schedule = NoiseSchedule.of(SD.with("rescale_betas_zero_snr", true));
    assertEquals(0f, schedule.alphasCumprod(999));
    assertEquals(4096f, schedule.sigmas()[999], 1f);
    assertArrayEquals(
        new float[] {1f, 0f},
        new float[] {
          schedule.minSnrWeights(PredictionType.EPSILON, new int[] {999}, 5)[0],
          schedule.minSnrWeights(PredictionType.V_PREDICTION, new int[] {999}, 5)[0]
        });
  }

  @Test
  void noisedRowsHaveTheirOwnTimesAndGiveBackTheirSample() {
    NoiseSchedule schedule = NoiseSchedule.of(SD);
    int[] times = {0, 500, 999};
    float[] x0 = new TorchGenerator(1).normal(3 * 32);
    float[] e = new TorchGenerator(2).normal(3 * 32);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray clean = manager.create(x0, new Shape(3, 2, 4, 4));
      NDArray noise = manager.create(e, new Shape(3, 2, 4, 4));
      float[] xt = schedule.addNoise(clean, noise, times).toFloatArray();
      float[] v = schedule.velocity(clean, noise, times).toFloatArray();
      for (int row = 0; row < 3; row++) {
        float[] alone = schedule.addNoise(slice(x0, row), slice(e, row), times[row]);
        assertArrayEquals(alone, slice(xt, row), "row " + row);
        float alpha = schedule.alpha(times[row]);
        float sigma = schedule.sigma(times[row]);
        for (int i = 0; i < 32; i++) {
          assertEquals(
              slice(x0, row)[i], alpha * slice(xt, row)[i] - sigma * slice(v, row)[i], 2e-6f);
        }
      }
      assertThrows(
          DiffusionException.class, () -> schedule.addNoise(clean, noise, new int[] {0, 1000, 2}));
      assertThrows(DiffusionException.class, () -> schedule.addNoise(clean, noise, new int[] {0}));
    }
  }

  @Test
  void minSnrWeightsFollowThePaper() {
    NoiseSchedule schedule = NoiseSchedule.of(SD);
    int[] times = {0, 300, 999};
    assertThrows(
        DiffusionException.class, () -> schedule.minSnrWeights(PredictionType.FLOW, times, 5));
    for (PredictionType prediction : PredictionType.values()) {
      if (prediction == PredictionType.FLOW) {
        continue;
      }
      float[] weights = schedule.minSnrWeights(prediction, times, 5);
      for (int i = 0; i < times.length; i++) {
        double abar = schedule.alphasCumprod(times[i]);
        double snr = abar / (1 - abar);
        double expected =
            switch (prediction) {
              case EPSILON -> Math.min(snr, 5) / snr;
              case SAMPLE -> Math.min(snr, 5);
              case V_PREDICTION -> Math.min(snr, 5) / (snr + 1);
              case FLOW -> throw new AssertionError();
            };
        assertEquals(expected, weights[i], 1e-5 * expected, prediction + " at " + times[i]);
      }
    }
  }

  private static float[] slice(float[] values, int row) {
    return Arrays.copyOfRange(values, row * 32, (row + 1) * 32);
  }
}
