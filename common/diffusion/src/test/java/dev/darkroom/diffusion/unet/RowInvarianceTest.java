package dev.darkroom.diffusion.unet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DrawnParameters;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Perturbation;
import dev.darkroom.diffusion.unet.Conditions.Grounding.Meaning;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A request's pixels must not depend on who shares its batch. */
class RowInvarianceTest {
  private static final int ROWS = 8;
  private static final String STARTER =
      """
      {"in_channels": 8, "out_channels": 8, "block_out_channels": [96, 192, 384], "layers_per_block": 1,
       "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
       "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
       "cross_attention_dim": 384, "attention_head_dim": [4, 6, 8]}
      """;

  /** The latent upscaler's blocks, which have norms and filters of their own. */
  private static final String K =
      """
      {"in_channels": 8, "out_channels": 8, "block_out_channels": [96, 192, 192], "layers_per_block": 1, "time_embedding_dim": 192,
       "down_block_types": ["KDownBlock2D", "KCrossAttnDownBlock2D", "KCrossAttnDownBlock2D"], "mid_block_type": null,
       "up_block_types": ["KCrossAttnUpBlock2D", "KCrossAttnUpBlock2D", "KUpBlock2D"],
       "cross_attention_dim": 384, "attention_head_dim": 48, "norm_num_groups": null}
      """;

  /** Kandinsky's tokens of a picture, and GLIGEN's of objects. */
  private static final String GROUNDED =
      STARTER.replace(
          "\"in_channels\"",
          """
          "encoder_hid_dim": 384, "encoder_hid_dim_type": "text_image_proj", "addition_embed_type": "image",
          "attention_type": "gated-text-image", "in_channels\"""");

  private final NDManager manager = TorchRuntime.newManager(Device.cpu());
  private final int threadsBefore = TorchRuntime.threads();

  @AfterEach
  void free() {
    manager.close();
    TorchRuntime.useThreads(threadsBefore);
  }

  @ParameterizedTest
  @CsvSource({
    "INFERENCE, 1",
    "INFERENCE, 2",
    "INFERENCE_BFLOAT16, 1",
    "INFERENCE_BFLOAT16, 2",
    "INFERENCE_INT8, 1",
    "INFERENCE_INT8, 2"
  })
  void aRowAloneEqualsTheRowInAnyBatchToTheBit(Execution execution, int threads) {
    ReducedPrecision.assumeComputed(execution, Device.cpu());
    TorchRuntime.useThreads(threads);
    assertInvariant(net(STARTER, execution));
  }

  @ParameterizedTest
  @EnumSource(names = "TRAINING", mode = EnumSource.Mode.EXCLUDE)
  void aRowOfKBlocksDoesSoToo(Execution execution) {
    ReducedPrecision.assumeComputed(execution, Device.cpu());
    assertInvariant(net(K, execution));
  }

  @ParameterizedTest
  @EnumSource(names = "TRAINING", mode = EnumSource.Mode.EXCLUDE)
  void aRowOfPicturesAndObjectsDoesSoToo(Execution execution) {
    ReducedPrecision.assumeComputed(execution, Device.cpu());
    NDArray context = manager.randomNormal(new Shape(ROWS, 24, 384));
    NDArray picture = manager.randomNormal(new Shape(ROWS, 384));
    NDArray boxes = manager.randomUniform(0, 1, new Shape(ROWS, 3, 4));
    NDArray masks = manager.randomUniform(0, 1, new Shape(ROWS, 3)).round();
    NDArray texts = manager.randomNormal(new Shape(ROWS, 3, 384));
    assertInvariant(
        net(GROUNDED, execution),
        rows -> {
          var told = new Meaning(texts.get(rows), masks.get(rows));
          var shown = new Meaning(texts.get(rows).neg(), masks.get(rows));
          return Conditions.text(context.get(rows))
              .withAdded(new Conditions.Added(null, null, picture.get(rows), null))
              .withGrounding(
                  new Conditions.Grounding(boxes.get(rows), masks.get(rows), List.of(told, shown)));
        });
  }

  private void assertInvariant(UNet2DConditionModel unet) {
    NDArray context = manager.randomNormal(new Shape(ROWS, 24, 384));
    assertInvariant(unet, rows -> Conditions.text(context.get(rows)));
  }

  /**
   * @param conditions of some rows, which {@code "from:to"} says
   */
  private void assertInvariant(UNet2DConditionModel unet, Function<String, Conditions> conditions) {
    NDArray sample = manager.randomNormal(new Shape(ROWS, 8, 16, 16));
    NDArray timestep =
        manager.arange(ROWS).mul(117).toType(ai.djl.ndarray.types.DataType.INT64, false);
    try (GradMode inference = GradMode.off()) {
      float[][] alone = new float[ROWS][];
      for (int i = 0; i < ROWS; i++) {
        alone[i] = predict(unet, sample, timestep, conditions, i, i + 1);
      }
      for (int rows = 2; rows <= ROWS; rows++) {
        float[] together = predict(unet, sample, timestep, conditions, 0, rows);
        int each = together.length / rows;
        for (int i = 0; i < rows; i++) {
          float[] row = java.util.Arrays.copyOfRange(together, i * each, (i + 1) * each);
          assertArrayEquals(alone[i], row, "row " + i + " of " + rows);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = "TRAINING", mode = EnumSource.Mode.EXCLUDE)
  void otherSizesInBetweenChangeNothing(Execution execution) {
    ReducedPrecision.assumeComputed(execution, Device.cpu());
    UNet2DConditionModel unet = net(STARTER, execution);
    NDArray context = manager.randomNormal(new Shape(1, 24, 384));
    NDArray timestep = manager.create(new long[] {500});
    NDArray sample = manager.randomNormal(new Shape(1, 8, 16, 16));
    try (GradMode inference = GradMode.off()) {
      float[] before = predict(unet, sample, timestep, rows -> Conditions.text(context), 0, 1);
      for (int size : new int[] {8, 24, 12, 20, 8}) {
        NDArray other = manager.randomNormal(new Shape(1, 8, size, 16));
        predict(unet, other, timestep, rows -> Conditions.text(context), 0, 1);
      }
      assertArrayEquals(
          before, predict(unet, sample, timestep, rows -> Conditions.text(context), 0, 1));
    }
  }

  @ParameterizedTest
  @EnumSource(names = "TRAINING", mode = EnumSource.Mode.EXCLUDE)
  void perturbedRowsChangeNoOthers(Execution execution) {
    ReducedPrecision.assumeComputed(execution, Device.cpu());
    UNet2DConditionModel unet = net(STARTER, execution);
    NDArray sample = manager.randomNormal(new Shape(4, 8, 16, 16));
    NDArray timestep = manager.create(new long[] {900, 900, 10, 500});
    Conditions plain = Conditions.text(manager.randomNormal(new Shape(4, 24, 384)));
    String layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn1";
    String other = "up_blocks.0.attentions.1.transformer_blocks.0.attn1";
    try (GradMode inference = GradMode.off()) {
      float[][] whole = rows(unet.forward(sample, timestep, plain));
      float[][] some =
          rows(
              unet.forward(
                  sample,
                  timestep,
                  plain.withPerturbation(
                      new Perturbation(
                          Map.of(
                              layer, manager.create(new long[] {0, 3}),
                              other, manager.create(new long[] {0, 2, 3}))))));
      float[][] all =
          rows(
              unet.forward(
                  sample,
                  timestep,
                  plain.withPerturbation(
                      new Perturbation(Map.of(layer, manager.create(new long[0]))))));
      assertArrayEquals(whole[0], some[0]);
      assertArrayEquals(whole[3], some[3]);
      assertFalse(Arrays.equals(whole[1], some[1]));
      // Row 2 attends in one of the two layers, and is then as if the other alone were perturbed.
      assertArrayEquals(all[2], some[2]);
      assertFalse(Arrays.equals(all[1], some[1]));
    }
  }

  private static float[][] rows(NDArray y) {
    int n = (int) y.getShape().get(0);
    float[][] rows = new float[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = y.get(i).toFloatArray();
    }
    return rows;
  }

  private UNet2DConditionModel net(String config, Execution execution) {
    return new UNet2DConditionModel(
        UNetConfig.of(ModelConfig.parse("net", config)), new DrawnParameters(manager), execution);
  }

  private static float[] predict(
      UNet2DConditionModel unet,
      NDArray sample,
      NDArray timestep,
      Function<String, Conditions> conditions,
      int from,
      int to) {
    try (Scope scope = Scope.open()) {
      String rows = from + ":" + to;
      return unet.forward(sample.get(rows), timestep.get(rows), conditions.apply(rows))
          .toFloatArray();
    }
  }
}
