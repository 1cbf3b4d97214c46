package dev.darkroom.diffusion.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.Tiling;
import dev.darkroom.diffusion.controlnet.ControlNetConfig;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.nn.AdaptableLayers;
import dev.darkroom.diffusion.nn.Convolution;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.LowRank;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.diffusion.nn.Weights;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The collector never frees native memory: whatever a forward makes must be gone when its scope
 * closes.
 */
class NativeMemoryTest {
  private static final int FORWARDS = 60;
  private static final int TRAINING_STEPS = 30;
  private static final int WARM_UP = 20;
  private static final int WINDOWS = 3;
  private static final long ALLOWED_GROWTH = 1 << 18;
  private static final String ADAPTED = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void forwardsLeaveNothingBehind(Execution execution) {
    try (Golden golden = Golden.of("unet-starter");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(UNetConfig.of(golden.config()), golden.parameters(), execution);
      assertFlat(golden, unet, FORWARDS, y -> {});
    }
  }

  /**
   * oneDNN wants the same order for all of these maps. The weight is so large that glibc maps it by
   * itself: six more of them cannot be taken for what the JVM does meanwhile.
   */
  @Test
  void sizesOfMapsShareTheirPackedWeights() {
    int channels = 1024;
    long weightBytes = 9L * channels * channels * Float.BYTES;
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode inference = GradMode.off()) {
      Weights weights = Weights.of(new SeededParameters(manager, 1), Execution.INFERENCE);
      Convolution convolution = new Convolution(weights.at("conv"), channels, channels, 3);
      long first = allocatedAfter(weights, convolution, manager.ones(new Shape(1, channels, 9, 9)));
      long last = first;
      for (int width = 10; width < 16; width++) {
        NDArray x = manager.ones(new Shape(1, channels, 9, width));
        last = allocatedAfter(weights, convolution, x);
      }
      long grown = last - first;
      assertTrue(grown < weightBytes, "native memory grew by " + grown + " bytes");
    }
  }

  private static long allocatedAfter(Weights weights, Convolution convolution, NDArray x) {
    Shape shape = x.getShape();
    try (Scope scope = Scope.open()) {
      NDArray y = weights.run(() -> convolution.forward(x), 1, shape.get(2), shape.get(3));
      assertEquals(shape, y.getShape());
    }
    return allocatedBytes();
  }

  @Test
  void trainingStepsLeaveNothingBehind() {
    try (Golden golden = Golden.of("unet-starter");
        GradMode recording = GradMode.on()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      unet.requireGradients(true);
      assertFlat(
          golden,
          unet,
          TRAINING_STEPS,
          y -> {
            Autograd.backward(y.square().mean());
            Autograd.zeroGradients(unet.parameters().values());
          });
    }
  }

  /**
   * Each pass attaches a megabyte of its own: the noise of a busy process is far below one kept.
   */
  @Test
  void adaptersThatComeAndGoLeaveNothingBehind() {
    try (Golden golden = Golden.of("unet-starter");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.INFERENCE);
      Shape weight = unet.adaptable().shapes().get(ADAPTED);
      long rank = (1 << 18) / (weight.get(0) + weight.get(1));
      Runnable forward = pass(golden, unet, y -> {});
      assertFlat(
          golden.manager(),
          TRAINING_STEPS,
          TRAINING_STEPS * (1L << 20) / 4,
          () -> {
            try (Scope scope = Scope.open()) {
              LowRank change =
                  new LowRank(
                      golden.manager().ones(new Shape(rank, weight.get(1))),
                      null,
                      golden.manager().ones(new Shape(weight.get(0), rank)),
                      1e-3);
              try (AdaptableLayers.Attached adapter =
                  unet.adaptable().attach(Map.of(ADAPTED, change))) {
                unet.adaptable()
                    .run(
                        Map.of(adapter, new float[] {1, 0, 0.5f}),
                        () -> {
                          forward.run();
                          return null;
                        });
              }
            }
          });
    }
  }

  @Test
  void tilesLeaveNothingBehind() {
    try (Golden golden = Golden.of("autoencoder-tiled");
        GradMode inference = GradMode.off()) {
      AutoencoderConfig config = AutoencoderConfig.of(golden.config());
      AutoencoderKL autoencoder =
          new AutoencoderKL(config, golden.parameters(), Execution.INFERENCE);
      NDArray image = golden.tensor("image");
      NDArray latent = golden.tensor("z");
      assertFlat(
          golden.manager(),
          TRAINING_STEPS,
          () -> {
            try (Scope scope = Scope.open()) {
              autoencoder.encode(image, Tiling.of(config));
              autoencoder.decode(latent, Tiling.of(config));
            }
          });
    }
  }

  @Test
  void controlNetsLeaveNothingBehind() {
    try (Golden golden = Golden.of("controlnet-sd1");
        GradMode inference = GradMode.off()) {
      ControlNetModel net =
          new ControlNetModel(
              ControlNetConfig.of(golden.config()), golden.parameters(), Execution.INFERENCE);
      NDArray sample = golden.tensor("sample");
      NDArray timestep = golden.tensor("timestep");
      NDArray picture = golden.tensor("controlnet_cond");
      Conditions text = Conditions.text(golden.tensor("encoder_hidden_states"));
      assertFlat(
          golden.manager(),
          FORWARDS,
          () -> {
            try (Scope scope = Scope.open()) {
              Conditions.Residuals full = net.forward(sample, timestep, text, net.hint(picture));
              net.scaled(full, new double[] {1, 0.5}, true).plus(full);
            }
          });
    }
  }

  @Test
  void aKeptResultOutlivesItsScopeAndBelongsToTheOneAround() {
    try (NDManager manager = TorchRuntime.newManager(ai.djl.Device.cpu())) {
      NDArray kept;
      try (Scope around = Scope.open()) {
        NDArray lost;
        try (Scope scope = Scope.open()) {
          lost = manager.create(1f);
          kept = scope.keep(lost.add(1));
        }
        assertTrue(lost.isReleased());
        assertEquals(2f, kept.getFloat());
      }
      assertTrue(kept.isReleased());
    }
  }

  private interface After {
    void run(NDArray y);
  }

  /**
   * A leak adds to every window of passes; a cache that fills or a thread that gets its arena adds
   * to one. So the window that grew least tells.
   */
  private static void assertFlat(Golden golden, UNet2DConditionModel unet, int times, After after) {
    assertFlat(golden.manager(), times, pass(golden, unet, after));
  }

  private static void assertFlat(NDManager manager, int times, Runnable pass) {
    assertFlat(manager, times, ALLOWED_GROWTH, pass);
  }

  private static void assertFlat(NDManager manager, int times, long allowed, Runnable pass) {
    repeat(WARM_UP, pass);
    int arrays = live(manager);
    long leastGrown = Long.MAX_VALUE;
    for (int window = 0; window < WINDOWS; window++) {
      long allocated = allocatedBytes();
      repeat(times, pass);
      leastGrown = Math.min(leastGrown, allocatedBytes() - allocated);
    }
    assertEquals(arrays, live(manager), "arrays that the manager holds");
    assertTrue(leastGrown < allowed, "native memory grew by " + leastGrown + " bytes");
  }

  private static Runnable pass(Golden golden, UNet2DConditionModel unet, After after) {
    NDArray sample = golden.tensor("sample");
    NDArray timestep = golden.tensor("timestep");
    Conditions text = Conditions.text(golden.tensor("encoder_hidden_states"));
    return () -> {
      try (Scope scope = Scope.open()) {
        after.run(unet.forward(sample, timestep, text));
      }
    };
  }

  private static void repeat(int times, Runnable pass) {
    for (int i = 0; i < times; i++) {
      pass.run();
    }
  }

  private static int live(NDManager manager) {
    return ((BaseNDManager) manager).getManagedArrays().size();
  }

  private static long allocatedBytes() {
    OptionalLong bytes = NativeHeap.allocatedBytes();
    assumeTrue(bytes.isPresent(), "skipped: this C library does not tell what is allocated");
    return bytes.getAsLong();
  }
}
