package dev.darkroom.trainer.starter;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.loss.Lpips;
import dev.darkroom.trainer.recipe.HeldOutPictures;
import dev.darkroom.trainer.recipe.PictureGrid;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * How good a finished model is.
 *
 * @param psnr mean over the held-out pictures, in dB
 * @param lpips mean over the same
 * @param labels share of labels whose image is nearest to the right picture of twenty
 * @param reworded the same for prompts in other words
 * @param prompts how many of each were asked
 */
record Evaluation(double psnr, double lpips, double labels, double reworded, int prompts) {
  private static final int COLUMNS = 10;

  /**
   * Measures a model, and leaves grids to look at.
   *
   * @param prompts of each kind, at most 100
   * @param grids the folder of {@code reconstructions.png}, {@code labels.png} and {@code
   *     reworded.png}
   */
  static Evaluation of(Path model, EmojiDataset data, int prompts, Path grids) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode mode = GradMode.off();
        StableDiffusionPipeline pipeline = StableDiffusionPipeline.load(model, Device.cpu())) {
      Lpips network = new Lpips(manager);
      AutoencoderKL autoencoder =
          AutoencoderKL.load(model.resolve("vae"), manager, Execution.INFERENCE);
      Map<String, Double> held =
          new HeldOutPictures(data.heldOut(), network, manager)
              .measure(autoencoder, grid -> write(grids.resolve("reconstructions.png"), grid));
      NearestOfTwenty nearest = new NearestOfTwenty(pipeline, data, network, manager);
      double labels =
          share(nearest, EvaluationPrompt.labels(data, prompts), grids.resolve("labels.png"));
      double reworded =
          share(nearest, EvaluationPrompt.reworded(data, prompts), grids.resolve("reworded.png"));
      return new Evaluation(
          held.getOrDefault("held_out_psnr", 0.0),
          held.getOrDefault("held_out_lpips", 0.0),
          labels,
          reworded,
          prompts);
    }
  }

  private static double share(NearestOfTwenty nearest, List<EvaluationPrompt> prompts, Path grid) {
    List<Picture> images = new ArrayList<>();
    double share = nearest.share(prompts, (prompt, image) -> images.add(image));
    write(grid, PictureGrid.of(images, COLUMNS));
    return share;
  }

  private static void write(Path file, BufferedImage image) {
    try {
      ImageIO.write(image, "png", file.toFile());
    } catch (IOException e) {
      throw DiskErrors.writing(file, e);
    }
  }

  String sentence() {
    return "held-out reconstruction %.1f dB, LPIPS %.3f; nearest of 20 for %.0f%% of %d labels and %.0f%% of %d re-worded prompts"
        .formatted(psnr, lpips, labels * 100, prompts, reworded * 100, prompts);
  }
}
