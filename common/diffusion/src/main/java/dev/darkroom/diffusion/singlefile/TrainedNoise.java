package dev.darkroom.diffusion.singlefile;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.StoredNumbers;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.schedule.PredictionType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the markers of a single file say of the noise that its U-Net was trained on. ComfyUI tells
 * these models by the same keys.
 */
sealed interface TrainedNoise {
  String SIGMA_MAX = "edm_vpred.sigma_max";
  String SIGMA_MIN = "edm_vpred.sigma_min";
  String MEAN = "edm_mean";
  String STD = "edm_std";
  String VELOCITY = "v_pred";
  String ZERO_TERMINAL = "ztsnr";

  /**
   * The betas that are published for the family.
   *
   * @param velocity whether a marker says that the U-Net predicts v
   * @param zeroTerminal whether they are rescaled so that nothing of the picture is left at the
   *     end; Lin et al. 2024
   */
  record Betas(boolean velocity, boolean zeroTerminal) implements TrainedNoise {}

  /** CosXL: v and the preconditioning of Karras et al. 2022 for data of deviation 1. */
  record CosXl(float sigmaMin, float sigmaMax) implements TrainedNoise {}

  /**
   * Playground 2.5: the preconditioning of Karras et al. 2022, on latents of which each channel was
   * brought to mean 0 and deviation 0.5.
   */
  record Playground(List<Float> mean, List<Float> std) implements TrainedNoise {
    /** What it multiplies latents of deviation 1 with. */
    private static final double FACTOR = 0.5;

    public Playground {
      mean = List.copyOf(mean);
      std = List.copyOf(std);
    }
  }

  /** As a file's keys say. */
  static TrainedNoise of(Checkpoint file) {
    if (file.holds(SIGMA_MAX)) {
      float min = file.holds(SIGMA_MIN) ? numbers(file, SIGMA_MIN).getFirst() : 0.002f;
      return new CosXl(min, numbers(file, SIGMA_MAX).getFirst());
    }
    if (file.holds(MEAN) && file.holds(STD)) {
      return new Playground(numbers(file, MEAN), numbers(file, STD));
    }
    return new Betas(file.holds(VELOCITY), file.holds(ZERO_TERMINAL));
  }

  private static List<Float> numbers(Checkpoint file, String key) {
    StoredTensor tensor = file.entry(key);
    List<Float> numbers = new ArrayList<>();
    if (tensor.type().isFloating() && tensor.shape().size() >= 1 && tensor.shape().size() <= 64) {
      tensor.read(
          (elements, first, count) -> {
            for (int i = 0; i < count; i++) {
              numbers.add((float) Detection.value(tensor, elements, i));
            }
          });
    }
    if (numbers.isEmpty() || !tensor.isFinite()) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected 1 to 64 finite numbers, got %s %s"
              .formatted(file.place(), key, tensor.type(), tensor.shape()));
    }
    return numbers;
  }

  /**
   * As the configs of a diffusers folder say.
   *
   * @param xl whether the family is of Stable Diffusion XL, the only one that markers are known for
   * @throws DiffusionException if no marker can say it
   */
  static TrainedNoise of(Path folder, JsonNode scheduler, JsonNode autoencoder, boolean xl) {
    String sampler = scheduler.path("_class_name").asText();
    boolean velocity = scheduler.path("prediction_type").asText().equals("v_prediction");
    boolean preconditioned = sampler.startsWith("EDM");
    boolean hasMeans = autoencoder.path("latents_mean").isArray();
    if (!preconditioned && !hasMeans) {
      boolean rescaled = scheduler.path("rescale_betas_zero_snr").asBoolean(false);
      return new Betas(xl && velocity, rescaled);
    }
    double data = scheduler.path("sigma_data").asDouble(0.5);
    double min = scheduler.path("sigma_min").asDouble(0.002);
    double max = scheduler.path("sigma_max").asDouble(80);
    double factor = autoencoder.path("scaling_factor").asDouble();
    if (xl && preconditioned && velocity && data == 1 && !hasMeans) {
      return new CosXl((float) min, (float) max);
    }
    boolean asPublished = data == 0.5 && min == 0.002 && max == 80 && factor == Playground.FACTOR;
    if (xl && preconditioned && !velocity && hasMeans && asPublished) {
      return new Playground(
          reals(autoencoder.path("latents_mean")), reals(autoencoder.path("latents_std")));
    }
    throw DiffusionException.badCheckpoint(
        "%s: a %s with sigma_data %s, sigma_min %s, sigma_max %s and %s latents_mean has no place in a single file; keep the folder"
            .formatted(folder, sampler, data, min, max, hasMeans ? "a" : "no"));
  }

  private static List<Float> reals(JsonNode list) {
    List<Float> reals = new ArrayList<>();
    list.forEach(element -> reals.add((float) element.asDouble()));
    return reals;
  }

  /** What the markers say that the U-Net predicts; null where they do not say. */
  default @Nullable PredictionType prediction() {
    return switch (this) {
      case Betas betas -> betas.velocity() ? PredictionType.V_PREDICTION : null;
      case CosXl cosXl -> PredictionType.V_PREDICTION;
      case Playground playground -> PredictionType.EPSILON;
    };
  }

  /**
   * The scheduler for it.
   *
   * @param published the family's
   */
  default ComponentConfig scheduler(ComponentConfig published) {
    ObjectNode json = published.json().deepCopy();
    switch (this) {
      case Betas betas -> {
        if (betas.zeroTerminal()) {
          json.put("rescale_betas_zero_snr", true);
        }
      }
      case CosXl(float sigmaMin, float sigmaMax) -> {
        preconditioned(json.removeAll(), "EDMEulerScheduler", 1, sigmaMin, sigmaMax);
        json.put("sigma_schedule", "exponential");
      }
      case Playground playground -> {
        preconditioned(json.removeAll(), "EDMDPMSolverMultistepScheduler", 0.5, 0.002f, 80);
        json.put("sigma_schedule", "karras");
        json.put("algorithm_type", "dpmsolver++");
        json.put("solver_order", 2);
        json.put("solver_type", "midpoint");
        json.put("lower_order_final", true);
        json.put("euler_at_final", false);
      }
    }
    return new ComponentConfig(published.name(), json);
  }

  private static void preconditioned(
      ObjectNode json, String sampler, double sigmaData, float sigmaMin, float sigmaMax) {
    json.put("_class_name", sampler);
    json.put("sigma_data", sigmaData);
    // As they are written: 0.002, not the float next to it.
    json.put("sigma_min", decimal(sigmaMin));
    json.put("sigma_max", decimal(sigmaMax));
    json.put("rho", 7.0);
    json.put("num_train_timesteps", 1000);
    json.put("final_sigmas_type", "zero");
  }

  private static double decimal(float number) {
    return Double.parseDouble(Float.toString(number));
  }

  /** The autoencoder's config, with what the markers say of its latents where it says nothing. */
  default ComponentConfig autoencoder(ComponentConfig config) {
    if (!(this instanceof Playground playground) || config.json().path("latents_mean").isArray()) {
      return config;
    }
    ObjectNode json = config.json().deepCopy();
    ArrayNode mean = json.putArray("latents_mean");
    playground.mean().forEach(value -> mean.add(decimal(value)));
    ArrayNode std = json.putArray("latents_std");
    playground.std().forEach(value -> std.add(decimal(value)));
    json.put("scaling_factor", Playground.FACTOR);
    return new ComponentConfig(config.name(), json);
  }

  /** The markers. */
  default Map<String, StoredTensor> markers() {
    Map<String, StoredTensor> markers = new LinkedHashMap<>();
    switch (this) {
      case Betas(boolean velocity, boolean zeroTerminal) -> {
        if (velocity) {
          markers.put(VELOCITY, new StoredNumbers(new Shape(0), List.of()));
        }
        if (zeroTerminal) {
          markers.put(ZERO_TERMINAL, new StoredNumbers(new Shape(0), List.of()));
        }
      }
      case CosXl(float sigmaMin, float sigmaMax) -> {
        markers.put(SIGMA_MAX, new StoredNumbers(new Shape(), List.of(sigmaMax)));
        markers.put(SIGMA_MIN, new StoredNumbers(new Shape(), List.of(sigmaMin)));
      }
      case Playground(List<Float> mean, List<Float> std) -> {
        Shape each = new Shape(1, mean.size(), 1, 1);
        markers.put(MEAN, new StoredNumbers(each, mean));
        markers.put(STD, new StoredNumbers(each, std));
      }
    }
    return markers;
  }
}
