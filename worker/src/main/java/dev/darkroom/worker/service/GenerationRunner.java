package dev.darkroom.worker.service;

import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.image.ImageFormat;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.run.JobContext;
import dev.darkroom.jobs.run.JobRunner;
import dev.darkroom.jobs.run.JobStopped;
import dev.darkroom.jobs.run.StopReason;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.spec.OutputFormat;
import dev.darkroom.worker.engine.Engine;
import dev.darkroom.worker.engine.GroupKey;
import dev.darkroom.worker.engine.Row;
import dev.darkroom.worker.engine.RowOutcome;
import dev.darkroom.worker.model.DiffusionModel;
import dev.darkroom.worker.model.ImageRow;
import dev.darkroom.worker.model.ModelShelf;
import dev.darkroom.worker.model.TensorThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Runs a generation: borrow the model, encode the prompts, hand one row an image to the engine,
 * decode what comes back, store it. Several jobs are inside at a time; what they share is the
 * engine, and the tensor threads.
 */
public final class GenerationRunner implements JobRunner<GenerationSpec> {
  private final ModelShelf<DiffusionModel> shelf;
  private final Engine<ImageRow> engine;
  private final TensorThreads loaders;
  private final TensorThreads studio;

  /**
   * @param loaders where models are loaded; a thread a job, so that none waits for another's model
   * @param studio where prompts are encoded and latents decoded
   */
  public GenerationRunner(
      ModelShelf<DiffusionModel> shelf,
      Engine<ImageRow> engine,
      TensorThreads loaders,
      TensorThreads studio) {
    this.shelf = shelf;
    this.engine = engine;
    this.loaders = loaders;
    this.studio = studio;
  }

  @Override
  public Result run(JobContext<GenerationSpec> context) {
    String version = context.spec().version().hex();
    CompletableFuture<ModelShelf.Loan<DiffusionModel>> loan =
        loaders.submit(() -> shelf.borrow(version));
    try {
      return new Result.Images(generate(context, await(context, loan).model()));
    } finally {
      loan.thenAccept(ModelShelf.Loan::close);
    }
  }

  private List<OutputFile> generate(JobContext<GenerationSpec> context, DiffusionModel model) {
    GenerationSpec spec = context.spec();
    List<ImageRow> starts = await(context, studio.submit(() -> start(spec, model)));
    GroupKey key =
        new GroupKey(spec.version().hex(), model.latentShape(spec.width(), spec.height()));
    JobProgress progress =
        new JobProgress(
            context,
            studio,
            row -> ImageFormat.JPEG.encode(model.preview(row)),
            System::nanoTime,
            starts.size(),
            starts.getFirst().steps());
    List<Row<ImageRow>> rows = new ArrayList<>();
    for (int i = 0; i < starts.size(); i++) {
      rows.add(engine.submit(key, starts.get(i), progress.listener(i)));
    }
    List<CompletableFuture<RgbImage>> images =
        rows.stream()
            .map(row -> row.outcome().thenCompose(outcome -> develop(model, outcome)))
            .toList();
    try {
      List<OutputFile> files = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) {
        files.add(save(context, i, await(context, images.get(i))));
      }
      return files;
    } finally {
      rows.forEach(Row::cancel);
      // The model may be put away only when nobody works with it any more.
      CompletableFuture.allOf(images.toArray(CompletableFuture[]::new))
          .handle((done, failure) -> done)
          .join();
    }
  }

  /** The rows before their first model call: image i has seed + i. */
  private static List<ImageRow> start(GenerationSpec spec, DiffusionModel model) {
    ClassifierFreeGuidance guidance = new ClassifierFreeGuidance(spec.guidanceScale(), 0);
    float[] prompt = model.encode(spec.prompt());
    float[] negative = guidance.isOn() ? model.encode(spec.negativePrompt()) : prompt;
    SamplerType sampler = SamplerType.parse(spec.scheduler().shortName());
    List<ImageRow> rows = new ArrayList<>();
    for (int i = 0; i < spec.numOutputs(); i++) {
      rows.add(
          model.start(
              model.latentShape(spec.width(), spec.height()),
              sampler,
              spec.numInferenceSteps(),
              guidance,
              prompt,
              negative,
              spec.seed() + i));
    }
    return rows;
  }

  private CompletableFuture<RgbImage> develop(DiffusionModel model, RowOutcome<ImageRow> outcome) {
    return switch (outcome) {
      case RowOutcome.Finished<ImageRow>(ImageRow row) -> studio.submit(() -> model.decode(row));
      // Where the job itself was not stopped, the engine is closing under it.
      case RowOutcome.Canceled<ImageRow> left ->
          CompletableFuture.failedFuture(new JobStopped(StopReason.DRAINING));
      case RowOutcome.Failed<ImageRow>(Throwable cause) -> CompletableFuture.failedFuture(cause);
    };
  }

  private static OutputFile save(JobContext<GenerationSpec> context, int index, RgbImage image) {
    context.checkStop();
    OutputFormat format = context.spec().outputFormat();
    byte[] file = ImageFormat.parse(format.extension()).encode(image);
    return context.saveOutput(index, format.extension(), format.contentType(), file);
  }

  /** The result, unless the job is to stop before it is there. */
  private static <T> T await(JobContext<?> context, CompletableFuture<T> result) {
    try {
      CompletableFuture.anyOf(result, context.stopped()).join();
      context.checkStop();
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof JobStopped stopped) {
        throw stopped;
      }
      throw Failures.typed(e);
    }
  }
}
