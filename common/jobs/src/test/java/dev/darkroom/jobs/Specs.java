package dev.darkroom.jobs;

import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.spec.Dataset;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.spec.LearningRateSchedule;
import dev.darkroom.jobs.spec.MixedPrecision;
import dev.darkroom.jobs.spec.OutputFormat;
import dev.darkroom.jobs.spec.Recipe;
import dev.darkroom.jobs.spec.SchedulerName;
import dev.darkroom.jobs.spec.TrainingSpec;
import java.util.List;

/** Specs for tests that need one and do not care which. */
public final class Specs {
  public static final ModelName MODEL = new ModelName("darkroom", "starter");
  public static final Sha256 VERSION = Sha256.of("a version");

  private Specs() {}

  public static GenerationSpec generation(String prompt) {
    return new GenerationSpec(
        MODEL,
        VERSION,
        prompt,
        "",
        128,
        128,
        1,
        20,
        5.0,
        SchedulerName.DPMPP_2M,
        42,
        OutputFormat.PNG);
  }

  public static TrainingSpec training(ModelName destination) {
    return new TrainingSpec(
        MODEL,
        VERSION,
        destination,
        Recipe.LATENT_DIFFUSION,
        new Dataset("files/abc", 1000, Sha256.of("zip")),
        30,
        4,
        1,
        128,
        1e-4,
        LearningRateSchedule.COSINE,
        5,
        1.0,
        0.99,
        0.1,
        null,
        MixedPrecision.BF16,
        2.5,
        10,
        10,
        List.of("a red apple"),
        7);
  }
}
