package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerState;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.trainer.data.Picture;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Samples of a U-Net in training: the same noise each time, so that grids can be compared. */
final class SampleGrid {
  private static final int UNPROMPTED = 8;
  private static final int BATCH = 8;

  private final LatentDiffusionRecipeConfig config;
  private final UNet2DConditionModel unet;
  private final LatentDiffusionBase base;
  private final Shape shape;
  private final NDManager manager;
  private final Sampler sampler;
  private final ClassifierFreeGuidance guidance;

  SampleGrid(
      LatentDiffusionRecipeConfig config,
      UNet2DConditionModel unet,
      LatentDiffusionBase base,
      Shape shape,
      NDManager manager) {
    this.config = config;
    this.unet = unet;
    this.base = base;
    this.shape = shape;
    this.manager = manager;
    this.sampler = SamplerType.DPMPP_2M.create(base.scheduler(), config.samplingSteps(), 0);
    this.guidance = new ClassifierFreeGuidance(config.guidanceScale(), 0);
  }

  BufferedImage draw() {
    List<Picture> pictures = new ArrayList<>();
    int count =
        config.conditioning() == Conditioning.TEXT ? config.validationPrompts().size() : UNPROMPTED;
    for (int first = 0; first < count; first += BATCH) {
      int rows = Math.min(BATCH, count - first);
      try (Scope scope = Scope.open()) {
        pictures.addAll(pictures(first, rows));
      }
    }
    return PictureGrid.of(pictures, BATCH);
  }

  private List<Picture> pictures(int first, int rows) {
    List<SamplerState> states = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      TorchGenerator generator = new TorchGenerator(first + row);
      states.add(sampler.start(generator.normal((int) shape.size()), generator));
    }
    boolean guided = config.conditioning() != Conditioning.NONE && guidance.isOn();
    for (int step = 0; step < sampler.steps(); step++) {
      float[] inputs = concatenated(states.stream().map(sampler::modelInput).toList());
      float time = sampler.timestep(step);
      List<float[]> conditional = predict(inputs, time, first, rows, true);
      List<float[]> unconditional =
          guided ? predict(inputs, time, first, rows, false) : conditional;
      for (int row = 0; row < rows; row++) {
        float[] prediction =
            guided
                ? guidance.apply(unconditional.get(row), conditional.get(row))
                : conditional.get(row);
        states.set(row, sampler.step(states.get(row), prediction));
      }
    }
    return decode(concatenated(states.stream().map(SamplerState::sample).toList()), rows);
  }

  private List<float[]> predict(
      float[] inputs, float time, int first, int rows, boolean conditioned) {
    List<String> prompts =
        config.conditioning() != Conditioning.TEXT
            ? List.of()
            : conditioned
                ? config.validationPrompts().subList(first, first + rows)
                : Collections.nCopies(rows, "");
    int none = base.noClass(unet);
    long[] classes = new long[rows];
    for (int row = 0; row < rows; row++) {
      classes[row] = conditioned ? (first + row) % Math.max(1, none) : none;
    }
    try (Scope scope = Scope.open()) {
      float[] times = new float[rows];
      Arrays.fill(times, time);
      NDArray x = manager.create(inputs, new Shape(rows).addAll(shape));
      float[] predicted =
          unet.forward(
                  x,
                  manager.create(times),
                  base.conditions(config.conditioning(), unet, prompts, classes))
              .toFloatArray();
      return split(predicted, rows);
    }
  }

  private List<Picture> decode(float[] latents, int rows) {
    int area = Math.toIntExact(shape.slice(1).size());
    float[] own = base.autoencoder().config().latentScaling().own(latents, area);
    NDArray z = manager.create(own, new Shape(rows).addAll(shape));
    NDArray decoded = base.autoencoder().decode(z);
    int height = (int) decoded.getShape().get(2);
    int width = (int) decoded.getShape().get(3);
    float[] planes = decoded.toFloatArray();
    List<Picture> pictures = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      pictures.add(Picture.ofPlanes(width, height, planes, row * 3 * width * height));
    }
    return pictures;
  }

  private static float[] concatenated(List<float[]> rows) {
    int size = rows.getFirst().length;
    float[] all = new float[rows.size() * size];
    for (int row = 0; row < rows.size(); row++) {
      System.arraycopy(rows.get(row), 0, all, row * size, size);
    }
    return all;
  }

  private static List<float[]> split(float[] all, int rows) {
    int size = all.length / rows;
    List<float[]> parts = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      parts.add(Arrays.copyOfRange(all, row * size, (row + 1) * size));
    }
    return parts;
  }
}
